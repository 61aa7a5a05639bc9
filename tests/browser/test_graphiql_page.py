from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.http.graphiql_page import GraphiQLPage


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text("export {};")
    (tmp_path / "index.html").write_text("<title>Tradepost GraphiQL</title>")
    (tmp_path / ".source").write_text("the stamp of the build")
    return tmp_path


def _client(folder: Path | None) -> httpx.AsyncClient:
    page = GraphiQLPage(folder)

    async def graphql(request: Request) -> Response:
        return page.html()

    assets = page.assets()
    app = Starlette(routes=[Route("/graphql", graphql), *([assets] if assets else [])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tradepost.example")


async def test_lets_the_page_load_nothing_from_another_host(bundle: Path) -> None:
    async with _client(bundle) as client:
        response = await client.get("/graphql")

    assert "Tradepost GraphiQL" in response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; ")
    sources = {source for directive in policy.split("; ") for source in directive.split(" ")[1:]}
    assert sources == {"'self'", "'none'", "'unsafe-inline'", "data:"}


async def test_lets_browsers_keep_assets_for_ever_and_the_page_not_at_all(bundle: Path) -> None:
    async with _client(bundle) as client:
        page, asset = await client.get("/graphql"), await client.get("/graphql/assets/index-1a2b.js")
        missing = await client.get("/graphql/assets/index-old.js")

    assert page.headers["cache-control"] == "no-cache"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert asset.headers["content-type"].startswith("text/javascript")
    assert missing.status_code == 404
    assert "cache-control" not in missing.headers


async def test_serves_no_file_from_beside_the_assets(bundle: Path) -> None:
    async with _client(bundle) as client:
        responses = [await client.get(f"/graphql/assets/{path}") for path in ("%2e%2e/.source", "..%2f.source", "%00")]

    assert [response.status_code for response in responses] == [404, 404, 404]


async def test_says_how_to_build_a_page_that_is_missing() -> None:
    assert GraphiQLPage(None).assets() is None
    async with _client(None) as client:
        response = await client.get("/graphql")

    assert response.status_code == 200
    assert "The API works" in response.text
    assert "make graphiql" in response.text


async def test_serves_a_bundle_that_is_built_while_it_runs(bundle: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    async with _client(later) as client:
        before = [await client.get("/graphql"), await client.get("/graphql/assets/index-1a2b.js")]
        later.mkdir()
        (bundle / "assets").rename(later / "assets")
        (bundle / "index.html").rename(later / "index.html")
        after = [await client.get("/graphql"), await client.get("/graphql/assets/index-1a2b.js")]

    assert "make graphiql" in before[0].text
    assert before[1].status_code == 404
    assert "Tradepost GraphiQL" in after[0].text
    assert after[1].status_code == 200
