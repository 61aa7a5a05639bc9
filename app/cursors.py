"""Sealed cursors: what a client hands back to go on where it stopped, and can neither read nor make up.

A cursor carries the values of one row's sort key and its id, or a place in the log. It is encrypted and authenticated by AES-SIV
(RFC 5297), with the list it was made for (its name, filter and order) as associated data: the cursor of another list, filter or
shop is refused, and no cursor tells a shop's volume.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from hashlib import sha512

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_LONGEST = 2_000


class InvalidCursor(ValueError):
    """A cursor that was not made here, was altered, or belongs to another list; the message is fit for the client."""


class CursorSealer:
    """Seals and opens cursors with a key derived from the shop's secret."""

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESSIV(sha512(b"tradepost.cursor\0" + secret_key.encode()).digest())

    def seal(self, *, scope: str, values: Sequence[object]) -> str:
        """A cursor for the row with these ``values`` (JSON values) in the list named by ``scope``."""
        sealed = self._cipher.encrypt(orjson.dumps(values), [scope.encode()])
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str, *, scope: str) -> list[object]:
        """The values of a cursor that `seal` made for the same scope, or `InvalidCursor`."""
        try:
            if len(cursor) > _LONGEST:
                raise ValueError
            data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            values = orjson.loads(self._cipher.decrypt(data, [scope.encode()]))
        except (ValueError, Base64Error, InvalidTag):
            raise InvalidCursor(
                "This cursor was not made for this list: take one from the same field with the same filter and order."
            ) from None
        assert isinstance(values, list)
        return values
