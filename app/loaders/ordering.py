"""How rows become answers: in the order of the keys, None for the missing, lists for the many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


def one_each(*, keys: Sequence[Key], rows: Iterable[Item], key: Callable[[Item], Key]) -> list[Item | None]:
    """The row of each key, or None."""
    by_key = {key(row): row for row in rows}
    return [by_key.get(wanted) for wanted in keys]


def many_each(*, keys: Sequence[Key], rows: Iterable[Item], key: Callable[[Item], Key]) -> list[list[Item]]:
    """The rows of each key, in the order in which they came."""
    by_key: dict[Key, list[Item]] = defaultdict(list)
    for row in rows:
        by_key[key(row)].append(row)
    return [by_key.get(wanted, []) for wanted in keys]
