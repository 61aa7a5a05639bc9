from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

from playwright.async_api import expect

from tests.browser.graphiql import GraphiQL
from tests.clients.catalogue import Catalogue
from tests.server import Server


async def test_answers_a_query_that_is_typed(server: Server, graphiql: GraphiQL) -> None:
    products = await Catalogue(server).products(first=2)

    await graphiql.write_query("{ products(first: 2) { nodes { id name } } }")
    await graphiql.run()

    await graphiql.sees(*(json.dumps(product["name"], ensure_ascii=False) for product in products))


async def test_shows_what_was_imported_into_the_running_shop(server: Server, graphiql: GraphiQL) -> None:
    files = sorted(Path("tests/feeds/data").glob("*.csv"))
    command = [sys.executable, "-m", "app", "import", "shopify", *map(str, files)]
    done = await asyncio.to_thread(
        subprocess.run, command, env=server.environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[0].split() == ["created", "60"]

    await graphiql.write_query(
        '{ product(slug: "chain-bracelet") { name vendor media { url } '
        "variants { nodes { name price { amount } compareAtPrice { amount } quantityAvailable } } } }"
    )
    await graphiql.run()

    await graphiql.sees('"7 Shakra Bracelet"', '"Company 123"', '"42.99"', '"44.99"', '"Blue"', '"Black"')


async def test_shows_a_change_of_the_catalogue_as_it_happens(server: Server, graphiql: GraphiQL) -> None:
    catalogue = Catalogue(server)
    product = (await catalogue.products(first=1))[0]
    await graphiql.write_query("subscription { catalogChanged { event entity { id ... on Product { name } } } }")
    await graphiql.write_headers(json.dumps({"Authorization": f"Bearer {server.staff_token}"}))

    await graphiql.run()
    # The product is renamed until the page tells of it: when the server began to listen can't be seen from outside.
    async with asyncio.timeout(60):
        for number in count(1):
            await catalogue.rename(product_id=product["id"], name=f"Seen {number}")
            try:
                await expect(graphiql.answer).to_contain_text('"Seen ', timeout=1000)
                break
            except AssertionError:
                continue

    await graphiql.sees(json.dumps(product["id"]))
    assert graphiql.sockets == [server.url.replace("http", "ws") + "/graphql"]
    assert graphiql.foreign_requests == []


async def test_says_why_a_subscription_without_a_token_is_refused(graphiql: GraphiQL) -> None:
    await graphiql.write_query("subscription { catalogChanged { event } }")
    await graphiql.run()

    await graphiql.sees('"errors"')


async def test_writes_a_query_by_clicks_in_the_explorer(graphiql: GraphiQL) -> None:
    await graphiql.press("Show GraphiQL Explorer")
    await expect(graphiql.query).to_contain_text("slug")

    await graphiql.explorer.get_by_text("slug", exact=True).click()
    await expect(graphiql.query).not_to_contain_text("slug")
    await graphiql.explorer.get_by_text("slug", exact=True).click()
    await expect(graphiql.query).to_contain_text("slug")
    await graphiql.run()

    await graphiql.sees('"priceRange"')
    if path := os.environ.get("TRADEPOST_SCREENSHOT"):
        await graphiql.page.screenshot(path=path)


async def test_works_with_nothing_but_this_server_under_its_own_policy(graphiql: GraphiQL) -> None:
    # Each of these loads code, styles or pictures that come late.
    await graphiql.press("Show Documentation Explorer")
    await graphiql.press("Prettify query")
    await graphiql.press("Open settings dialog")
    await graphiql.page.keyboard.press("Escape")
    await graphiql.run()
    await graphiql.sees('"products"')

    assert await graphiql.page.title() == "Tradepost GraphiQL"
    assert graphiql.foreign_requests == []
    assert graphiql.complaints == []
