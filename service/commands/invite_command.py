"""`strongroom invite`. What a command needs is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.command import Data, fail, open_house

if TYPE_CHECKING:
    from service.house.house import House

USES_MAX = 1_000
DAYS_MAX = 365


def invite(
    uses: Annotated[
        int, typer.Option("--uses", metavar="N", min=1, max=USES_MAX, help="How many may register with it.")
    ] = 1,
    days: Annotated[int, typer.Option("--days", metavar="D", min=1, max=DAYS_MAX, help="How long it holds.")] = 7,
    list_: Annotated[bool, typer.Option("--list", help="Show those that hold, without their codes.")] = False,
    revoke_all: Annotated[bool, typer.Option("--revoke-all", help="Take all of them back.")] = False,
    data: Data = None,
) -> None:
    """Make an invitation, for where registering takes one. Its code, and the link to the page, are shown this once."""
    if list_ and revoke_all:
        fail("--list or --revoke-all, not both", 2)
    with open_house(data) as house:
        if list_:
            _list(house)
        elif revoke_all:
            typer.echo(f"taken back: {house.keyring.drop_invitations()}")
        else:
            _make(house, uses, days)


def _make(house: House, uses: int, days: int) -> None:
    """The code and the link on standard output, and nothing else: they are passed on."""
    from service.accounts.admitting import invitation_link, make_invitation

    code = make_invitation(house, uses, days)
    typer.echo(code)
    if (link := invitation_link(house.settings, code)) is not None:
        typer.echo(link)
    if (mode := house.settings.registration) != "invited":
        typer.echo(f"strongroom: registration is {mode} here: STRONGROOM_REGISTRATION=invited asks for it", err=True)


def _list(house: House) -> None:
    from service.reading.views import rfc3339

    rows = house.keyring.invitations(house.clock_us())
    for row in rows:
        made, expires = rfc3339(row.created_at_us), rfc3339(row.expires_at_us)
        typer.echo(f"made {made}, {row.uses_left} left, until {expires}")
    if not rows:
        typer.echo("no invitation holds")
