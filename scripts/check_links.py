"""Fails when a Markdown file links to a file or heading of this repository that isn't there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

_LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$", re.MULTILINE)


def main() -> None:
    """Check every Markdown file that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        capture_output=True,
        text=True,
        check=True,
    )
    problems = [problem for name in listed.stdout.split() for problem in broken_links(Path(name))]
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(bool(problems))


def broken_links(page: Path) -> list[str]:
    """What is wrong with the links of one page."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    problems = []
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page.resolve()
        if not file.exists():
            problems.append(f"{page}: {target} leads nowhere")
        elif anchor and file.suffix == ".md" and anchor not in headings(file):
            problems.append(f"{page}: {target} names a heading that isn't there")
    return problems


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in _HEADING.findall(page.read_text())
    }


if __name__ == "__main__":
    main()
