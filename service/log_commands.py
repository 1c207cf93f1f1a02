"""`strongroom log …`: the commands about the event log. What a command needs is imported when it runs."""

from __future__ import annotations

import typer

from service.command import Data, open_house

log_app = typer.Typer(help="The event log.", no_args_is_help=True)


@log_app.command("head")
def log_head(data: Data = None) -> None:
    """Print the newest position."""
    with open_house(data) as house:
        typer.echo(house.log.head())
