"""What a text may be: rules that every input shares."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from app.domain.refusals import InvalidInput

_SLUG = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
LONGEST_SLUG = 255


def check_text(value: str | None, *, field: Sequence[str], longest: int, required: bool = False) -> list[InvalidInput]:
    """What is wrong with a text: empty though required, too long, or holding a character that can't be stored."""
    if value is None or not value.strip():
        return [InvalidInput(message="Must not be empty.", field=tuple(field))] if required else []
    if len(value) > longest:
        return [InvalidInput(message=f"Must have at most {longest} characters.", field=tuple(field))]
    if "\0" in value:
        return [InvalidInput(message="Must not hold the character U+0000.", field=tuple(field))]
    return []


def check_slug(value: str, *, field: Sequence[str]) -> list[InvalidInput]:
    """What is wrong with a slug."""
    if len(value) <= LONGEST_SLUG and _SLUG.fullmatch(value):
        return []
    message = f"Must be at most {LONGEST_SLUG} small letters and digits, joined by hyphens: blue-shirt."
    return [InvalidInput(message=message, field=tuple(field))]


def slugify(name: str) -> str:
    """A slug for a name: "Café Crème, 250 g" becomes "cafe-creme-250-g"; "item" where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-") or "item"
