from __future__ import annotations

from tests.clients.catalogue import Server
from tests.clients.npm import NpmClients


async def test_passes_every_audit_of_graphql_over_http(server: Server, npm_clients: NpmClients) -> None:
    results = await npm_clients.audit(url=f"{server.url}/graphql")

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61
