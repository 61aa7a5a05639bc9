"""The npm clients as Python sees them: programs that print JSON."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from app.cli.node import Node

_SECONDS = 60


class Subscriber:
    """A running subscription to `catalogChanged`, in a process of its own."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._results: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @property
    def has_result(self) -> bool:
        return not self._results.empty()

    async def next(self) -> dict[str, Any]:
        """Gives the next change; an error of the client or of the server fails the test."""
        async with asyncio.timeout(_SECONDS):
            result = await self._results.get()
        assert "errors" not in result, result["errors"]
        change: dict[str, Any] = result["data"]["catalogChanged"]
        return change

    async def end(self) -> None:
        """Waits for the program to end by itself, which it does after its last change."""
        async with asyncio.timeout(_SECONDS):
            await self._reading
            assert await self._process.wait() == 0

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            text = line.decode().strip()
            # What isn't a result is Node's report of an exception; whoever waits for a result gets it.
            result = json.loads(text) if text.startswith("{") else {"errors": text}
            await self._results.put(result)


class NpmClients:
    """The programs of `tests/clients/node`, installed in `folder`."""

    def __init__(self, *, node: Node, folder: Path) -> None:
        self._node = node
        self._folder = folder

    async def audit(self, *, url: str) -> list[dict[str, Any]]:
        """Runs every audit of graphql-http: `[{"id", "name", "status", "reason"}]`."""
        results: list[dict[str, Any]] = await self._answer("audit.mjs", [url])
        return results

    async def compose(self, *, subgraphs: Sequence[Path]) -> dict[str, list[dict[str, str]]]:
        """Composes the files of subgraphs: `{"errors": [{"code", "message"}], "hints": [...]}`."""
        result: dict[str, list[dict[str, str]]] = await self._answer("compose.mjs", [str(path) for path in subgraphs])
        return result

    @asynccontextmanager
    async def subscribe(
        self, *, transport: Literal["ws", "sse"], url: str, token: str, count: int, after: str | None = None
    ) -> AsyncIterator[Subscriber]:
        """Subscribes to `catalogChanged` until `count` changes came, or until the block is left."""
        arguments = [url, token, str(count), *([after] if after is not None else [])]
        subscriber = Subscriber(await self._start(f"subscribe-{transport}.mjs", arguments))
        try:
            yield subscriber
        finally:
            await subscriber.stop()

    async def _answer(self, script: str, arguments: Sequence[str]) -> Any:
        process = await self._start(script, arguments)
        async with asyncio.timeout(_SECONDS):
            output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return json.loads(output)

    async def _start(self, script: str, arguments: Sequence[str]) -> Process:
        return await asyncio.create_subprocess_exec(
            self._node.program, script, *arguments, cwd=self._folder, stdout=PIPE, stderr=asyncio.subprocess.STDOUT
        )
