"""What objects of the graph share: the Node interface and how a row says which type it is."""

from typing import Any

import strawberry
from graphql import GraphQLError

from app.global_ids import InvalidGlobalId, decode_key, encode_id


class OfRow:
    """A type whose objects are rows (or plain objects) that carry ``__typename__``."""

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Whether ``value`` is an object of this type."""
        return bool(value.__typename__ == cls.__name__)


@strawberry.interface(description="An object with an id that `node` and `nodes` find again (Relay).")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, unique in the whole graph, and stable for ever.")

    @classmethod
    def resolve_type(cls, value: Any, _info: Any, _type: Any) -> str:
        """The GraphQL type of a row."""
        return str(value.__typename__)


def id_field(typename: str) -> Any:
    """The field `id` of a type whose rows have the key ``id``."""

    def resolve(root: Any) -> strawberry.ID:
        return strawberry.ID(encode_id(typename, root.id))

    return strawberry.field(resolver=resolve, description="Opaque, unique in the whole graph, and stable for ever.")


def key_argument(text: str, *, typename: str) -> Any:
    """The key in an id argument; a GraphQL error where it is no id of that type."""
    try:
        return decode_key(text, typename=typename)
    except InvalidGlobalId as error:
        raise GraphQLError(str(error), extensions={"code": "BAD_USER_INPUT"}) from None
