"""The reference says what the code does."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

from app.settings import Limits
from tests.api import Api

_ROOT = Path(__file__).parents[2]
_PAGES = _ROOT / "docs" / "reference"


def test_lists_every_limit_with_its_default() -> None:
    rows = re.findall(
        r"^\| [^|]+ \| ([\d,]+) \| `(TRADEPOST_LIMIT_\w+)` \|", (_PAGES / "limits.md").read_text(), re.MULTILINE
    )

    assert {setting: int(default.replace(",", "")) for default, setting in rows} == {
        f"TRADEPOST_LIMIT_{name.upper()}": default for name, default in asdict(Limits()).items()
    }


def test_lists_every_code_that_the_code_gives() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", (_PAGES / "errors.md").read_text(), re.MULTILINE))
    given = {
        code
        for file in (_ROOT / "app").rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"\bcode\b|_CODES|_with\(", line) or re.match(r'\s+\d{3}: "', line)
        for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', line)
    }

    assert {"COST_LIMIT_EXCEEDED", "BODY_TOO_LARGE", "TAKEN", "INTERNAL_SERVER_ERROR"} <= given
    assert given <= documented
    assert documented <= given


async def test_prices_the_example_as_it_says(limited_api: Api) -> None:
    document, price = re.findall(
        r"^So `(.+)` costs .* = (\d+) points", (_PAGES / "limits.md").read_text(), re.MULTILINE
    )[0]

    answer = await limited_api.run(document)

    assert answer.body["extensions"]["cost"]["requestedQueryCost"] == int(price)
