"""`node`, `nodes` and federation's `_entities`: objects by their keys, whatever their type.

All three ask one table. What a caller may not see is not there, by whichever way it is asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import strawberry
from graphql import GraphQLError

from app.context import Context
from app.global_ids import InvalidGlobalId, decode_id
from app.loaders import catalog as rows
from app.loaders.pricing import channels_by_id, channels_by_slug
from app.schema.catalog_parts import is_visible
from app.schema.connections import bad_input
from app.schema.nodes import Node

Info = strawberry.Info[Context, None]
_MOST_IDS = 100


def _everybody(_context: Context, row: Any) -> bool:
    return row is not None


@dataclass(frozen=True, slots=True)
class Entity:
    """How the objects of one type are found, and who may see them."""

    by_id: Any
    is_visible: Callable[[Context, Any], bool]
    by_slug: Any = None


ENTITIES: Mapping[str, Entity] = {
    "Product": Entity(rows.products_by_id, is_visible, rows.products_by_slug),
    "ProductVariant": Entity(rows.variants_by_id, is_visible),
    "Media": Entity(rows.media_by_id, is_visible),
    "Category": Entity(rows.categories_by_id, _everybody, rows.categories_by_slug),
    "Channel": Entity(channels_by_id, _everybody, channels_by_slug),
}


async def find_nodes(context: Context, ids: Sequence[str]) -> list[Any]:
    """The objects of these ids in their order; None for what isn't there; an error for what is no id."""
    wanted: dict[str, list[UUID]] = {}
    found: dict[str, Any] = {}
    for text in dict.fromkeys(ids):
        try:
            typename, keys = decode_id(text)
            entity = ENTITIES.get(typename)
            if entity is None or len(keys) != 1:
                raise InvalidGlobalId("This is not an id of this shop.")
        except InvalidGlobalId as error:
            found[text] = bad_input(str(error))
        else:
            wanted.setdefault(typename, []).append(keys[0])
            found[text] = (typename, keys[0])
    objects: dict[tuple[str, UUID], Any] = {}
    for typename, typed_keys in wanted.items():
        entity = ENTITIES[typename]
        for key, row in zip(typed_keys, await context.batches.load_many(entity.by_id, typed_keys), strict=True):
            objects[typename, key] = row if entity.is_visible(context, row) else None
    return [found[text] if isinstance(found[text], GraphQLError) else objects[found[text]] for text in ids]


async def find_entities(context: Context, representations: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The objects that a federation gateway asks for by their keys (Apollo Federation, ``_entities``)."""
    if len(representations) > _MOST_IDS:
        raise bad_input(f"`_entities` takes at most {_MOST_IDS} representations, not {len(representations)}.")
    answers: list[Any] = [None] * len(representations)
    batches: dict[tuple[str, str], list[tuple[int, Any]]] = {}
    for at, representation in enumerate(representations):
        try:
            typename, key_name, key = _read_key(representation)
        except GraphQLError as error:
            answers[at] = error
        else:
            batches.setdefault((typename, key_name), []).append((at, key))
    for (typename, key_name), wanted in batches.items():
        entity = ENTITIES[typename]
        function = entity.by_id if key_name == "id" else entity.by_slug
        for (at, _), row in zip(
            wanted, await context.batches.load_many(function, [key for _, key in wanted]), strict=True
        ):
            answers[at] = row if entity.is_visible(context, row) else None
    return answers


def _read_key(representation: Mapping[str, Any]) -> tuple[str, str, Any]:
    typename = representation.get("__typename") if isinstance(representation, Mapping) else None
    entity = ENTITIES.get(typename) if isinstance(typename, str) else None
    if entity is None or typename is None:
        raise bad_input("A representation needs the `__typename` of an entity of this graph.")
    if isinstance(representation.get("id"), str):
        try:
            found, keys = decode_id(representation["id"])
        except InvalidGlobalId as error:
            raise bad_input(str(error)) from None
        if found != typename or len(keys) != 1:
            raise bad_input(f"This is not the id of a {typename}.")
        return typename, "id", keys[0]
    if entity.by_slug is not None and isinstance(representation.get("slug"), str):
        return typename, "slug", representation["slug"]
    raise bad_input(f"A representation of {typename} needs one of its keys.")


@strawberry.type
class NodeQuery:
    @strawberry.field(description="The object with this id; null where there is none that the caller may see.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
    ) -> Node | None:
        (found,) = await find_nodes(info.context, [id])
        if isinstance(found, GraphQLError):
            raise found
        return found

    @strawberry.field(description="The objects with these ids, in their order; null for each that isn't there.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        if len(ids) > _MOST_IDS:
            raise bad_input(f"`ids` takes at most {_MOST_IDS} ids, not {len(ids)}.")
        return await find_nodes(info.context, ids)
