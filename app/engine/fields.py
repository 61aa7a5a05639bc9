"""Declarations of fields: `batched` for what needs data, `derived` for pure functions of the parent.

A field that needs data is declared by a function that takes *all* parents of a level and returns all values. One
declaration serves every executor: graphql-core reaches it through an aiodataloader (`app.engine.batching`), an executor that
works level by level calls it directly by `BATCH_METADATA`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, cast, get_args

import strawberry
from strawberry.types.field import StrawberryField

from app.engine.batching import BatchFunction, BatchingContext

BATCH_METADATA = "tradepost.batch"
"""Key of a field's metadata under which the batch function lies."""
LIST_SIZE_METADATA = "tradepost.list_size"
"""Key of a field's metadata: how many items an unpaged list is priced at."""


def batched(
    *,
    description: str,
    name: str | None = None,
    list_size: int | None = None,
    deprecation_reason: str | None = None,
    directives: Sequence[object] = (),
) -> Callable[[BatchFunction], Any]:
    """Declare a field by ``async (parents, context, *, arguments…) -> list[value]``.

    The function answers every parent of a level at once, in their order, by one value or one exception each. Its return
    annotation is ``list[T]`` where the field's type is ``T``; its keyword arguments are the field's arguments.
    """

    def declare(batch: BatchFunction) -> Any:
        async def resolve(root: Any, info: strawberry.Info[Any, Any], **arguments: Any) -> Any:
            context = cast(BatchingContext, info.context)
            return await context.batches.resolve(batch, root, context, arguments)

        _present_as_resolver(resolve, batch)
        return strawberry.field(
            resolver=resolve,
            name=name,
            description=description,
            deprecation_reason=deprecation_reason,
            directives=list(directives),
            metadata={BATCH_METADATA: batch, LIST_SIZE_METADATA: list_size},
        )

    return declare


def _present_as_resolver(resolve: Callable[..., Any], batch: BatchFunction) -> None:
    """Give the resolver the name, arguments and type that Strawberry is to see in place of the batch function's."""
    signature = inspect.signature(batch)
    _parents, _context, *arguments = signature.parameters.values()
    (value_type,) = get_args(signature.return_annotation)
    own = inspect.signature(resolve)
    resolve.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[own.parameters["root"], own.parameters["info"], *arguments], return_annotation=value_type
    )
    resolve.__annotations__ = {
        "root": Any,
        "info": strawberry.Info,
        **{argument.name: argument.annotation for argument in arguments},
        "return": value_type,
    }
    resolve.__name__, resolve.__qualname__ = batch.__name__, batch.__qualname__
    resolve.__module__, resolve.__doc__ = batch.__module__, batch.__doc__


def batch_of(field: StrawberryField) -> BatchFunction | None:
    """The batch function behind a field, or None where the field is not batched."""
    return cast("BatchFunction | None", field.metadata.get(BATCH_METADATA))
