from __future__ import annotations

from pathlib import Path

from tests.clients.npm import NpmClients

_SCHEMA = Path(__file__).parents[2] / "schema.graphql"


async def test_composes_the_committed_schema_without_errors_or_hints(npm_clients: NpmClients) -> None:
    assert await npm_clients.compose(subgraphs=[_SCHEMA]) == {"errors": [], "hints": []}


async def test_sees_what_does_not_compose(npm_clients: NpmClients, tmp_path: Path) -> None:
    broken = tmp_path / "broken.graphql"
    broken.write_text(
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
        'type Query { product: Product }\ntype Product @key(fields: "slug") { id: ID! }\n'
    )

    result = await npm_clients.compose(subgraphs=[broken])

    assert [error["code"] for error in result["errors"]] == ["KEY_INVALID_FIELDS"]
