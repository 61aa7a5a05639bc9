"""The API as tests call it: the real Starlette application, without a socket between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.bootstrap import Application
from app.http.application import build_app


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The data; fails where there are errors."""
        assert "errors" not in self.body, self.body["errors"]
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]

    @property
    def statements(self) -> int:
        """How many SQL statements the operation read with."""
        count: int = self.body["extensions"]["sql"]["count"]
        return count


class Api:
    """Runs documents as a guest, or as the sample staff."""

    def __init__(self, *, client: httpx.AsyncClient, staff_token: str) -> None:
        self.client = client
        self._staff = {"Authorization": f"Bearer {staff_token}"}

    async def run(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_staff: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a document."""
        sent = {
            "Accept": "application/graphql-response+json",
            "X-Debug": "sql",
            **(self._staff if as_staff else {}),
            **(headers or {}),
        }
        body = {"query": document, "variables": variables}
        response = await self.client.post("/graphql", json=body, headers=sent)
        return Answer(response.status_code, response.json())

    async def staff(
        self, document: str, variables: Mapping[str, Any] | None = None, *, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The data of a document that staff run, and that has no errors."""
        return (await self.run(document, variables, as_staff=True, headers=headers)).data


@asynccontextmanager
async def open_api(application: Application, *, staff_token: str) -> AsyncIterator[Api]:
    """The API of an application, in this process."""
    transport = httpx.ASGITransport(app=build_app(application))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield Api(client=client, staff_token=staff_token)
