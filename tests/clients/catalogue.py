"""The catalogue as a client of the API sees and changes it."""

from __future__ import annotations

from typing import Any, Protocol

import httpx

_PRODUCTS = "query ($first: Int!) { products(first: $first) { nodes { id name } } }"
_RENAME = """
mutation ($input: ProductUpdateInput!) {
  productUpdate(input: $input) { product { id name } userErrors { code message field } }
}
"""


class Server(Protocol):
    """What the tests need to know of a running server."""

    @property
    def url(self) -> str: ...

    @property
    def staff_token(self) -> str: ...


class Catalogue:
    """Reads and renames products over HTTP, as staff."""

    def __init__(self, server: Server) -> None:
        self._url = f"{server.url}/graphql"
        self._headers = {"Authorization": f"Bearer {server.staff_token}"}

    async def products(self, *, first: int) -> list[dict[str, Any]]:
        """Gives the first products as `{"id", "name"}`; the shop of the tests must have that many."""
        data = await self._execute(_PRODUCTS, variables={"first": first})
        products: list[dict[str, Any]] = data["products"]["nodes"]
        assert len(products) == first, "the server of the tests needs a shop with products"
        return products

    async def rename(self, *, product_id: str, name: str) -> None:
        """Gives a product a new name, which is one event of the catalogue."""
        data = await self._execute(_RENAME, variables={"input": {"id": product_id, "name": name}})
        assert data["productUpdate"]["userErrors"] == []

    async def _execute(self, query: str, *, variables: dict[str, Any]) -> dict[str, Any]:
        async with httpx.AsyncClient(headers=self._headers, timeout=30) as client:
            response = await client.post(self._url, json={"query": query, "variables": variables})
        answer = response.json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data
