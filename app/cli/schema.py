"""``tradepost schema``: the graph as a file."""

from __future__ import annotations

from pathlib import Path

import click

from app.graph import build_graph, print_schema
from app.settings import Settings

_SCHEMA_FILE = Path("schema.graphql")


@click.group()
def schema() -> None:
    """Print the schema, or compare it with the file in the repository."""


@schema.command(name="print")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead.")
def print_command(output: Path | None) -> None:
    """Print the schema as SDL, with its federation directives."""
    text = print_schema(build_graph(Settings()))
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text)


@schema.command()
def drift() -> None:
    """Fail when schema.graphql isn't what the code says."""
    if not _SCHEMA_FILE.exists() or _SCHEMA_FILE.read_text() != print_schema(build_graph(Settings())):
        raise click.ClickException("schema.graphql is not up to date: run `make schema` and commit it.")
    click.echo("schema.graphql is up to date.")
