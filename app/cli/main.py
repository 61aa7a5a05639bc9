"""The `tradepost` command line."""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword

import click

from app.embedded.errors import EmbeddedError
from app.settings import SettingsError

_COMMANDS = {
    "dev": ("app.cli.dev", "Start a whole shop for development; Ctrl-C stops it."),
    "serve": ("app.cli.serve", "Serve the API."),
    "worker": ("app.cli.serve", "Run jobs and relay the log of events."),
    "migrate": ("app.cli.migrate", "Bring the database up to this release."),
    "seed": ("app.cli.seed", "Make a believable shop of any size."),
    "import": ("app.cli.import_", "Bring products in from another system's file."),
    "export": ("app.cli.export", "Write all products as another system's file."),
    "schema": ("app.cli.schema", "Print the schema, or compare it with schema.graphql."),
    "graphiql": ("app.cli.graphiql_command", "Build GraphiQL."),
}


class _LazyGroup(click.Group):
    """Imports a command's module when it is called: `tradepost --help` needs no graph and no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(module), f"{name}_" if iskeyword(name) else name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


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
