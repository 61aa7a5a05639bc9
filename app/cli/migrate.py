"""``tradepost migrate``: bring the database up to this release."""

from __future__ import annotations

import asyncio

import click

from app.cli.migrations import upgrade
from app.cli.services import services
from app.settings import read_settings


@click.command()
def migrate() -> None:
    """Bring the database up to this release; safe to call again, and from several places at once."""
    with services(read_settings(), say=click.echo) as settings:
        assert settings.database_url is not None
        asyncio.run(upgrade(url=settings.database_url, on_progress=lambda title: click.echo(f"  {title}")))
    click.echo("The database is up to date.")
