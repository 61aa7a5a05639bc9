from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from app.cli.graphiql import GraphiQLBuildError, build_graphiql
from tests.browser.graphiql import GraphiQL
from tests.clients.availability import unavailable
from tests.clients.catalogue import Server
from tests.conftest import graphiql_folder

_CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def bundle(pytestconfig: pytest.Config) -> None:
    """GraphiQL, built once for many runs of the tests."""
    try:
        build_graphiql(target=graphiql_folder(pytestconfig), on_progress=print)
    except GraphiQLBuildError as error:
        unavailable(str(error))


@pytest_asyncio.fixture
async def graphiql(bundle: None, server: Server) -> AsyncIterator[GraphiQL]:
    """GraphiQL, open in a browser of its own, so that no test sees the tabs that another one left."""
    if not os.access(_CHROMIUM, os.X_OK):
        unavailable(f"no {_CHROMIUM}: apt-get install --no-install-recommends chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            graphiql = GraphiQL(page=page, server=server)
            await graphiql.open()
            yield graphiql
        finally:
            await browser.close()
