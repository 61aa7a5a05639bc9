"""The catalogue of event types: what can happen, what is recorded of it, and what it is called on the wire.

An event holds ids, the names of changed fields and a few values, never personal data: the log is kept for ever. A type
whose fields must change gets a new class with the next ``schema_version``; what was written stays readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, get_type_hints
from uuid import UUID


class EventUnreadable(ValueError):
    """A recorded event isn't in the catalogue, or lacks a field that the catalogue asks for."""


class Event:
    """Something that happened. The class attributes come from `recorded_as`."""

    __slots__ = ()
    type: ClassVar[str]
    schema_version: ClassVar[int]
    stream_template: ClassVar[str]

    @property
    def stream(self) -> str:
        """The stream that this event belongs to: the name and id of its aggregate."""
        return self.stream_template.format_map({field.name: getattr(self, field.name) for field in fields(self)})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Codec:
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_CODECS: dict[object, _Codec] = {
    str: _Codec(str, str),
    int: _Codec(int, int),
    UUID: _Codec(str, UUID),
    tuple[str, ...]: _Codec(list, tuple),
    tuple[UUID, ...]: _Codec(lambda ids: [str(id) for id in ids], lambda texts: tuple(UUID(text) for text in texts)),
}

EVENT_TYPES: dict[tuple[str, int], type[Event]] = {}
"""All types, by wire name and schema version."""
_FIELDS: dict[type[Event], dict[str, _Codec]] = {}

AnyEvent = TypeVar("AnyEvent", bound=Event)


def recorded_as(name: str, *, schema_version: int = 1, stream: str) -> Callable[[type[AnyEvent]], type[AnyEvent]]:
    """Enter a dataclass into the catalogue under its wire name; ``stream`` is a template over its fields."""

    def enter(cls: type[AnyEvent]) -> type[AnyEvent]:
        if (name, schema_version) in EVENT_TYPES:
            raise TypeError(f"{name} version {schema_version} is in the catalogue already")
        cls.type, cls.schema_version, cls.stream_template = name, schema_version, stream
        hints = get_type_hints(cls)
        _FIELDS[cls] = {field.name: _CODECS[hints[field.name]] for field in fields(cls)}  # type: ignore[arg-type]
        EVENT_TYPES[name, schema_version] = cls
        return cls

    return enter


def encode(event: Event) -> dict[str, Any]:
    """The event's fields as JSON values; ids become text."""
    return {name: codec.encode(getattr(event, name)) for name, codec in _FIELDS[type(event)].items()}


def decode(*, type: str, schema_version: int, data: Mapping[str, Any]) -> Event:
    """The event that `encode` was given, or `EventUnreadable` when this release doesn't know such an event.

    Fields that were added by hand or by a newer release are left aside.
    """
    cls = EVENT_TYPES.get((type, schema_version))
    if cls is None:
        known = sorted(version for name, version in EVENT_TYPES if name == type)
        reason = f"only the versions {known} are known" if known else "no such type is known"
        raise EventUnreadable(f"Event {type!r} version {schema_version} can't be read: {reason} to this release.")
    try:
        return cls(**{name: codec.decode(data[name]) for name, codec in _FIELDS[cls].items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"{error!r} in its data"
        raise EventUnreadable(f"Event {type!r} version {schema_version} can't be read: {reason}.") from error


@recorded_as("catalog.product.created", stream="catalog.product-{product_id}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCreated(Event):
    """A product was added to the catalogue."""

    product_id: UUID


@recorded_as("catalog.product.updated", stream="catalog.product-{product_id}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductUpdated(Event):
    """Fields of a product changed; their names, not their values."""

    product_id: UUID
    changed: tuple[str, ...]


@recorded_as("catalog.product.deleted", stream="catalog.product-{product_id}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDeleted(Event):
    """A product and all its variants are gone."""

    product_id: UUID


@recorded_as("catalog.product.variants_upserted", stream="catalog.product-{product_id}")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVariantsUpserted(Event):
    """Variants of one product were added or changed, at one go."""

    product_id: UUID
    created_ids: tuple[UUID, ...]
    updated_ids: tuple[UUID, ...]


@recorded_as("inventory.stock.adjusted", stream="inventory.stock-{warehouse_id}-{variant_id}")
@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdjusted(Event):
    """The count of one variant in one warehouse changed by ``delta`` pieces and is ``on_hand`` now."""

    variant_id: UUID
    product_id: UUID
    warehouse_id: UUID
    delta: int
    on_hand: int
    reason: str
