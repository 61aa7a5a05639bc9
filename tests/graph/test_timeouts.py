"""An operation that takes too long is stopped, with a clear answer, and gives back what it held."""

from __future__ import annotations

import asyncpg
import pytest

from app.bootstrap import build_application
from app.embedded.valkey import EmbeddedValkey
from tests.api import open_api
from tests.conftest import STAFF_TOKEN, open_shop, settings_for

LIST = "{ products { nodes { name } } }"


@pytest.mark.parametrize("document", [LIST, 'mutation { productCreate(input: {name: "Late"}) { product { id } } }'])
async def test_stops_what_takes_too_long(url: str, valkey: EmbeddedValkey, document: str) -> None:
    await open_shop(url)
    settings = settings_for(
        database_url=url, redis_url=valkey.url, TRADEPOST_LIMIT_OPERATION_SECONDS="1", TRADEPOST_POOL_SIZE="1"
    )
    application = build_application(settings)
    blocker = await asyncpg.connect(url)
    try:
        async with open_api(application, staff_token=STAFF_TOKEN) as api:
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
                late = await api.run(document, as_staff=True)
                assert late.codes == ["TIMEOUT"]
            # The only connection of each pool is free again.
            assert (await api.run(LIST)).data == {"products": {"nodes": []}}
            created = await api.staff('mutation { productCreate(input: {name: "In time"}) { product { slug } } }')
            assert created["productCreate"]["product"] == {"slug": "in-time"}
    finally:
        await blocker.close()
        await application.close()
