"""What holds for the embedded PostgreSQL alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from app.embedded.errors import EmbeddedServerError
from app.embedded.postgres import EmbeddedPostgres
from tests.embedded.kinds import POSTGRES, Kind, Owner, wait_until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def kind() -> Kind:
    """Have the directories of these tests made for PostgreSQL."""
    return POSTGRES


def fetch_row(url: str, statement: str) -> asyncpg.Record:
    async def run() -> asyncpg.Record:
        connection = await asyncpg.connect(url)
        try:
            row = await connection.fetchrow(statement)
        finally:
            await connection.close()
        assert row is not None
        return row

    return asyncio.run(run())


def test_recovers_from_an_initialisation_that_was_killed(tmp_path: Path, owned: Callable[..., Owner]) -> None:
    owner = owned(POSTGRES, tmp_path)
    wait_until(lambda: any(tmp_path.glob("cluster.new-*/base")))
    owner.kill()
    assert not (tmp_path / "cluster").exists()
    with EmbeddedPostgres(tmp_path) as postgres:
        assert fetch_row(postgres.url, "SELECT current_database()")[0] == "tradepost"
    assert not list(tmp_path.glob("cluster.new-*"))


def test_starts_beside_an_empty_pid_file(directory: Path) -> None:
    (directory / "cluster/postmaster.pid").touch()
    with EmbeddedPostgres(directory, durable=False) as postgres:
        assert fetch_row(postgres.url, "SELECT 1")[0] == 1


def test_waits_for_the_children_of_a_server_that_crashed(directory: Path) -> None:
    postgres = EmbeddedPostgres(directory, durable=False)
    postgres.start()
    child = fetch_row(postgres.url, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")["pid"]
    os.kill(child, signal.SIGSTOP)
    os.kill(postgres.pid, signal.SIGKILL)
    postgres.stop()
    second = EmbeddedPostgres(directory, durable=False)
    with ThreadPoolExecutor() as threads:
        start = threads.submit(second.start)
        try:
            log = directory / "server.log"
            wait_until(lambda: start.done() or (log.exists() and "is still in use" in log.read_text()))
        finally:
            os.kill(child, signal.SIGCONT)
        start.result()
    with second:
        assert fetch_row(second.url, "SELECT 1")[0] == 1


def test_says_why_it_did_not_start(directory: Path) -> None:
    postgres = EmbeddedPostgres(directory, durable=False, settings={"shared_buffers": "plenty"})
    with pytest.raises(EmbeddedServerError) as failure:
        postgres.start()
    first, *log = str(failure.value).splitlines()
    assert first.startswith("The embedded PostgreSQL did not start")
    assert "shared_buffers" in log[-1]


def test_says_why_it_could_not_be_initialised(tmp_path: Path, owned: Callable[..., Owner]) -> None:
    # A small limit on the size of files stands for a full disk.
    command = ["sh", "-c", 'ulimit -f 100; exec "$0" -m tests.embedded.owner "$@"', sys.executable]
    owner = owned(POSTGRES, tmp_path, command=command)
    _, message = owner.process.communicate(timeout=30)
    first, *log = message.splitlines()
    assert first.startswith("The embedded PostgreSQL could not be initialised (initdb)")
    assert log
    assert not list(tmp_path.glob("cluster*"))


def test_names_the_version_that_the_data_needs(directory: Path) -> None:
    (directory / "cluster/PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedServerError, match=r"was made by PostgreSQL 14, and \d+ is installed") as refusal:
        EmbeddedPostgres(directory).start()
    assert "\n" not in str(refusal.value)


def test_takes_settings_and_is_durable_unless_told(directory: Path) -> None:
    statement = "SELECT current_setting('fsync'), current_setting('max_connections'), current_setting('TimeZone')"
    with EmbeddedPostgres(directory, settings={"max_connections": "17"}) as postgres:
        assert tuple(fetch_row(postgres.url, statement)) == ("on", "17", "UTC")
    with EmbeddedPostgres(directory, durable=False) as postgres:
        assert tuple(fetch_row(postgres.url, statement)) == ("off", "100", "UTC")


def test_knows_the_letters_of_every_script(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as postgres:
        asyncio.run(_create_trigrams(postgres.url))
        row = fetch_row(postgres.url, "SELECT lower('ÄПР'), similarity('Привет', 'привет')")
        assert tuple(row) == ("äпр", 1.0)


async def _create_trigrams(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE EXTENSION pg_trgm")
    await connection.close()


def test_lets_nobody_in_without_the_password(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False) as server:
        password = server.url.split(":")[2].partition("@")[0]
        for wrong in ("", ":guess"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                fetch_row(server.url.replace(f":{password}", wrong), "SELECT 1")
        assert (directory / "password").stat().st_mode & 0o777 == 0o600


def test_says_that_its_password_is_missing(directory: Path) -> None:
    with EmbeddedPostgres(directory, durable=False):
        pass
    (directory / "password").unlink()
    with pytest.raises(EmbeddedServerError, match="password of the embedded PostgreSQL is missing"):
        EmbeddedPostgres(directory, durable=False).start()
