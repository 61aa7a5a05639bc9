"""Opaque global ids: the type's name and the row's keys, so that ``node(id:)`` knows where to look.

The form is base64url without padding of ``<Type>:`` and the 16 bytes of each UUID. Types that are distributed by another key
carry it as a second UUID. Clients must not take ids apart.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import NamedTuple
from uuid import UUID

_UUID_BYTES = 16
_LONGEST = 200


class InvalidGlobalId(ValueError):
    """A text that is no id of ours, or one of another type."""


class GlobalId(NamedTuple):
    """What an id says: the GraphQL type and its keys."""

    typename: str
    keys: tuple[UUID, ...]


def encode_id(typename: str, *keys: UUID) -> str:
    """The id of an object, as clients see it."""
    return urlsafe_b64encode(typename.encode() + b":" + b"".join(key.bytes for key in keys)).rstrip(b"=").decode()


def decode_id(text: str) -> GlobalId:
    """The type and keys of an id, or `InvalidGlobalId`."""
    try:
        if len(text) > _LONGEST:
            raise ValueError
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        typename, separator, keys = data.partition(b":")
        if not separator or not keys or len(keys) % _UUID_BYTES:
            raise ValueError
        name = typename.decode("ascii")
        uuids = tuple(UUID(bytes=keys[at : at + _UUID_BYTES]) for at in range(0, len(keys), _UUID_BYTES))
        # One object has one id: other spellings of the same bytes are not taken.
        if not name.isidentifier() or encode_id(name, *uuids) != text:
            raise ValueError
    except (ValueError, Base64Error):
        raise InvalidGlobalId("This is not an id of this shop.") from None
    return GlobalId(name, uuids)


def decode_key(text: str, *, typename: str) -> UUID:
    """The one key of an id that must be of ``typename``, or `InvalidGlobalId`."""
    found = decode_id(text)
    if found.typename != typename or len(found.keys) != 1:
        raise InvalidGlobalId(f"This is not the id of a {typename}.")
    return found.keys[0]
