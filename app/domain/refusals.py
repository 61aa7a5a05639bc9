"""Refusals: the answer is no, and it is the client's to mend. Each kind is a concrete ``UserError`` of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an input is refused: a code for programs, a message for people, the path of the input's field."""

    __typename__: ClassVar[str] = ""
    code: str
    message: str
    field: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidInput(Refusal):
    """A value that can't be taken as it is."""

    __typename__: ClassVar[str] = "InvalidInput"
    code: str = "INVALID_INPUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound(Refusal):
    """An id, slug or name that nothing answers to."""

    __typename__: ClassVar[str] = "NotFound"
    code: str = "NOT_FOUND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Refusal):
    """A write that was made for another version than the current one."""

    __typename__: ClassVar[str] = "Conflict"
    code: str = "CONFLICT"
    current_version: int


_KINDS: dict[str, type[Refusal]] = {kind.__typename__: kind for kind in (InvalidInput, NotFound, Conflict)}


class RefusedError(Exception):
    """Raised inside a transaction to leave it without a trace; carries why."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("; ".join(refusal.message for refusal in refusals))
        self.refusals = refusals


def to_data(refusal: Refusal) -> dict[str, Any]:
    """A refusal as JSON can keep it."""
    return {"kind": refusal.__typename__, **asdict(refusal)}


def from_data(data: dict[str, Any]) -> Refusal:
    """The refusal that `to_data` wrote."""
    values = {key: value for key, value in data.items() if key != "kind"}
    if values.get("field") is not None:
        values["field"] = tuple(values["field"])
    return _KINDS[data["kind"]](**values)


def stale(*, current_version: int, field: Sequence[str] = ("input", "expectedVersion")) -> Conflict:
    """The refusal of a write that expected another version."""
    return Conflict(
        message=f"This was changed by somebody else: its version is {current_version} now. Read it again.",
        field=tuple(field),
        current_version=current_version,
    )
