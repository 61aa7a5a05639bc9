"""What a server tells of itself: traces, metrics and logs; and what it keeps to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.conftest import STAFF_TOKEN, execute, named, open_shop
from tests.observability.sink import open_sink
from tests.server import Server, environment_for, run_server

SECRET_NAME = "a-name-that-nobody-may-see"
QUERY = "query Find($slug: String!) { product(slug: $slug) { name variants { nodes { price { amount } } } } }"


async def fresh_database(postgres: EmbeddedPostgres, name: str) -> str:
    """A migrated database with an open shop."""
    await execute(named(postgres.url, "postgres"), f"CREATE DATABASE {name} TEMPLATE migrated")
    url = named(postgres.url, name)
    await open_shop(url)
    return url


def ask(server: Server) -> httpx.Response:
    """A query whose variables are nobody's business."""
    headers = {"Authorization": f"Bearer {STAFF_TOKEN}", "traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"}
    body = {"query": QUERY, "variables": {"slug": SECRET_NAME}}
    return httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=20)


async def test_sends_traces_and_metrics_and_keeps_secrets(
    postgres: EmbeddedPostgres, valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    url = await fresh_database(postgres, "telemetry")
    with open_sink() as sink:
        with run_server(
            database_url=url,
            redis_url=valkey.url,
            staff_token=STAFF_TOKEN,
            data_dir=tmp_path,
            with_worker=False,
            extra={"TRADEPOST_OTLP_ENDPOINT": sink.url},
        ) as server:
            assert ask(server).json()["data"] == {"product": None}
        # The server has ended, and has sent all that it held back.
        ours = [span for span in sink.spans if span.trace_id.hex() == "ab" * 16]
        names = {span.name for span in ours}
        assert "products_by_slug" in names
        assert any("/graphql" in name for name in names)
        statement = next(span for span in ours if span.name == "products_by_slug")
        assert {attribute.key for attribute in statement.attributes} >= {"db.query.text", "db.system.name"}
        assert "db.client.operation.duration" in sink.metric_names
        for secret in (SECRET_NAME, STAFF_TOKEN):
            assert not any(secret.encode() in body for body in sink.bodies)


async def test_shows_metrics_to_prometheus(server: Server) -> None:
    ask(server)
    text = httpx.get(f"{server.url}/metrics").text
    assert "db_client_operation_duration_seconds_bucket" in text
    assert "tradepost_events_inbox_age_seconds" in text
    assert SECRET_NAME not in text


async def test_is_live_and_ready(server: Server) -> None:
    assert httpx.get(f"{server.url}/health/live").json() == {"status": "live"}
    ready = httpx.get(f"{server.url}/health/ready")
    assert ready.json() == {"status": "ready", "parts": {"postgresql": "ready", "valkey": "ready"}}


async def test_logs_json_with_the_names_of_the_elastic_common_schema(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    """A production server without a database starts, says what is wrong in each line, and tells no password."""
    environment = environment_for(
        database_url="postgresql://shop:hunter2@127.0.0.1:1/none",
        redis_url=valkey.url,
        staff_token="",
        data_dir=tmp_path,
        extra={"TRADEPOST_MODE": "production", "TRADEPOST_SECRET_KEY": "s" * 40},
    )
    environment.pop("TRADEPOST_STAFF_TOKEN")
    with subprocess.Popen([sys.executable, "-m", "app", "worker"], env=environment, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        process.terminate()
        rest = process.stderr.read()
    record = json.loads(line)
    assert {"@timestamp", "message", "log.level", "ecs.version"} <= flattened(record)
    assert b"hunter2" not in line + rest


def flattened(record: dict[str, object], prefix: str = "") -> set[str]:
    """The dotted names of all fields."""
    names = set()
    for name, value in record.items():
        names |= flattened(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return names
