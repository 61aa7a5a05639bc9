"""Signed cursors: what a client hands back to go on where it stopped, and can neither read into nor make up.

A cursor carries the scope it was made for (which list, how filtered and sorted) as a hash, so that the cursor of another
query is refused, and a keyset: the values of the sort key and the id of one row.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from hashlib import blake2b, sha256

import orjson

_MAC_BYTES = 12
_SCOPE_BYTES = 8
_LONGEST = 2_000


class InvalidCursor(ValueError):
    """A cursor that was not made here, was altered, or belongs to another list; the message is fit for the client."""


class CursorSigner:
    """Signs and verifies cursors with the shop's secret key."""

    def __init__(self, secret_key: str) -> None:
        # A key of its own for this purpose, so that no other signature can pass for a cursor.
        self._key = hmac.digest(secret_key.encode(), b"tradepost.cursor", "sha256")

    def sign(self, *, scope: str, values: Sequence[object]) -> str:
        """A cursor for the row with these ``values`` (JSON values) in the list named by ``scope``."""
        payload = _scope_hash(scope) + orjson.dumps(values)
        return urlsafe_b64encode(self._mac(payload) + payload).rstrip(b"=").decode()

    def verify(self, cursor: str, *, scope: str) -> list[object]:
        """The values of a cursor made by `sign` for the same scope, or `InvalidCursor`."""
        try:
            if len(cursor) > _LONGEST:
                raise ValueError
            data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, payload = data[:_MAC_BYTES], data[_MAC_BYTES:]
            if not hmac.compare_digest(mac, self._mac(payload)):
                raise ValueError
        except (ValueError, Base64Error):
            raise InvalidCursor("This cursor was not made by this shop, or was altered.") from None
        if payload[:_SCOPE_BYTES] != _scope_hash(scope):
            raise InvalidCursor("This cursor belongs to another list, filter or sort order.")
        values = orjson.loads(payload[_SCOPE_BYTES:])
        assert isinstance(values, list)
        return values

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, sha256)[:_MAC_BYTES]


def _scope_hash(scope: str) -> bytes:
    return blake2b(scope.encode(), digest_size=_SCOPE_BYTES).digest()
