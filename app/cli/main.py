"""The `tradepost` command line."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from app.embedded.errors import EmbeddedError
from app.settings import SettingsError

_COMMANDS = {
    "dev": "app.cli.dev",
    "serve": "app.cli.serve",
    "worker": "app.cli.serve",
    "migrate": "app.cli.migrate",
    "schema": "app.cli.schema",
    "graphiql": "app.cli.graphiql_command",
}


class _LazyGroup(click.Group):
    """Imports a command's module when it is called: `tradepost --help` needs no graph and no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(import_module(module), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tradepost")
def tradepost() -> None:
    """Tradepost: a commerce backend with one GraphQL API.

    Settings come from the environment (TRADEPOST_…, PORT); docs/reference/settings.md lists them. Without
    TRADEPOST_DATABASE_URL and TRADEPOST_REDIS_URL, commands use the shop that `make dev` is running, or start its servers for a
    while.
    """


def main() -> None:
    """Run a command; what a person can mend ends in one line, not in a traceback."""
    try:
        tradepost(standalone_mode=True)
    except (SettingsError, EmbeddedError) as error:
        click.echo(f"tradepost: {error}", err=True)
        sys.exit(2)
