"""How a mutation runs a use case: permission, idempotency key, transaction, and fresh reads for the payload."""

from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256
from typing import Any

import orjson
import strawberry
from graphql import get_directive_values
from graphql.execution.values import VariableValues
from sqlalchemy.ext.asyncio import AsyncSession
from strawberry import UNSET

from app.context import Context, Permission
from app.domain.refusals import NotFound, RefusedError
from app.global_ids import InvalidGlobalId, decode_key
from app.schema.connections import bad_input
from app.usecases.transactions import Idempotency, Outcome

Info = strawberry.Info[Context, None]
_LONGEST_KEY = 255


async def write(
    info: Info, *, requires: Permission, input: object, work: Callable[[AsyncSession], Awaitable[Outcome]]
) -> Outcome:
    """Run a use case for a root field of a mutation; the payload's fields then read what it committed."""
    context = info.context
    context.require(requires)
    outcome = await context.services.transactions.run(work, idempotency=_idempotency(info, input))
    context.batches.renew()
    return outcome


def given(value: Any, default: Any = None) -> Any:
    """The value of an optional field, or the default where it was left out."""
    return default if value is UNSET else value


def key_or_refusal(text: str, *, typename: str, field: str) -> Any:
    """The key in an id of the input; raises `RefusedError` where it is no id of that type."""
    try:
        return decode_key(text, typename=typename)
    except InvalidGlobalId as error:
        raise RefusedError(NotFound(message=str(error), field=("input", field))) from None


def _idempotency(info: Info, input: object) -> Idempotency | None:
    raw = info._raw_info
    directive = raw.schema.get_directive("idempotent")
    assert directive is not None
    variables = VariableValues(sources={}, coerced=info.variable_values)
    values = get_directive_values(directive, raw.field_nodes[0], variables) or {}
    key = values.get("key")
    field = info.field_name
    if key is None and info.context.idempotency_key is not None:
        # One header serves all fields of the document: each is told apart by its key in the answer.
        key, field = info.context.idempotency_key, f"{field}:{info.path.key}"
    if key is None:
        return None
    if not 1 <= len(key) <= _LONGEST_KEY or "\0" in key:
        raise bad_input(f"An idempotency key has between 1 and {_LONGEST_KEY} characters.")
    digest = sha256(orjson.dumps(_plain(input), option=orjson.OPT_SORT_KEYS)).digest()
    return Idempotency(client=info.context.caller.name, field=field, key=key, input_hash=digest)


def _plain(value: Any) -> Any:
    """An input as JSON, in which "left out" differs from null."""
    if value is UNSET:
        return {"left": "out"}
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
