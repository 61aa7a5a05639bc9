"""Batches of one operation on the reference executor: what the fields of a level ask for is answered at once.

graphql-core resolves field after field; an aiodataloader gathers what the fields of one tick ask for and answers them
together. `Batches` holds the loaders of one operation. It is made new for each operation, after each root field of a
mutation and for each event of a subscription, so that nothing read before a write is shown after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Protocol, TypeVar

from aiodataloader import DataLoader
from opentelemetry import trace

_TRACER = trace.get_tracer("tradepost.engine")

Key = TypeVar("Key", bound=Hashable)
Parent = TypeVar("Parent")
Value = TypeVar("Value")

BatchFunction = Callable[..., Awaitable[Sequence[Any]]]
"""``(parents, context, **arguments) -> values``, one value (or exception) for each parent, in their order."""
LoadFunction = Callable[[Any, Sequence[Any]], Awaitable[Sequence[Any]]]
"""``(reader, keys) -> values``, one for each key, in their order; None where there is nothing."""


class BatchingContext(Protocol):
    """What a context must offer so that batched fields can run in it."""

    @property
    def batches(self) -> Batches:
        """The loaders of the operation."""
        ...


class WrongBatchSize(RuntimeError):
    """A batch function broke its contract: as many values as parents, in their order."""


class Batches:
    """The loaders of one operation: by field and arguments for fields, by function for keys."""

    def __init__(self, *, reader: object) -> None:
        self._reader = reader
        self._fields: dict[Hashable, DataLoader[Any, Any]] = {}
        self._keys: dict[LoadFunction, DataLoader[Any, Any]] = {}

    def renew(self) -> None:
        """Forget all that was read, as is due after a write."""
        self._fields.clear()
        self._keys.clear()

    def resolve(
        self, batch: BatchFunction, parent: object, context: BatchingContext, arguments: Mapping[str, Any]
    ) -> asyncio.Future[Any]:
        """The value of one field of ``parent``, answered together with all others that ask for it with these arguments."""
        place = (batch, freeze(arguments))
        loader = self._fields.get(place)
        if loader is None:

            async def answer(parents: list[Any]) -> list[Any]:
                with _TRACER.start_as_current_span(batch.__qualname__) as span:
                    span.set_attribute("graphql.batch.parents", len(parents))
                    values = await batch(parents, context, **arguments)
                if len(values) != len(parents):
                    raise WrongBatchSize(f"{batch.__qualname__} answered {len(values)} of {len(parents)} parents")
                return list(values)

            # Not cached: parents are known by identity only, and asking the loaders below again costs nothing.
            loader = self._fields[place] = DataLoader(answer, cache=False)
        return loader.load(parent)

    def load(self, function: LoadFunction, key: Hashable) -> asyncio.Future[Any]:
        """The value of ``key``, read together with all other keys asked of ``function``, and once an operation."""
        return self._loader(function).load(key)

    async def load_many(self, function: LoadFunction, keys: Sequence[Key | None]) -> list[Any]:
        """The values of ``keys`` in their order; None for a key that is None."""
        loader = self._loader(function)
        futures = {key: loader.load(key) for key in dict.fromkeys(keys) if key is not None}
        if futures:
            await asyncio.gather(*futures.values())
        return [None if key is None else futures[key].result() for key in keys]

    def _loader(self, function: LoadFunction) -> DataLoader[Any, Any]:
        loader = self._keys.get(function)
        if loader is None:

            async def answer(keys: list[Any]) -> list[Any]:
                return list(await function(self._reader, keys))

            loader = self._keys[function] = DataLoader(answer)
        return loader


def freeze(value: Any) -> Hashable:
    """A hashable stand-in for coerced arguments: equal for equal arguments."""
    if isinstance(value, Mapping):
        return tuple((key, freeze(inner)) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return tuple(freeze(inner) for inner in value)
    if is_dataclass(value):
        # An input object.
        return (type(value), freeze(vars(value)))
    hashable: Hashable = value
    return hashable
