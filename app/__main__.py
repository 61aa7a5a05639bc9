"""``python -m app``: the `tradepost` command."""

from app.cli.main import main

main()
