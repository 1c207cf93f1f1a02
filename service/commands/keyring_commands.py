"""`strongroom keyring …`: the commands about the keyring. What a command needs is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.command import Data, fail, failing_plainly, read_settings

if TYPE_CHECKING:
    from service.upkeep.accepting import StaleAccount

keyring_app = typer.Typer(help="The keyring: the only mutable truth.", no_args_is_help=True)


@keyring_app.command("accept")
def keyring_accept(
    data: Data = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="USER", help="Whose old password and code hold again; may be given several times."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, there is no newer keyring.db.")] = False,
) -> None:
    """Go on with an older keyring.db, brought up to the log: what was deleted, closed or replaced since stays so."""
    settings = read_settings(data=data)
    from contextlib import closing
    from pathlib import Path

    from service.house.house import House
    from service.machine.process import harden
    from service.upkeep import accepting

    if not Path(settings.data).is_dir():
        fail(f"there is no data folder at {settings.data}", 1)
    harden()
    with failing_plainly(), closing(House(settings, older_keyring=True)) as house:
        accepted = accepting.accept(house, keep or ()) if yes else None
        accounts = list(accepting.stale_accounts(house, keep or ())) if accepted is None else accepted.accounts
    for account in accounts:
        typer.echo(_line(account))
    if accepted is None:
        fail("newer keys are lost for good then. If the newer keyring.db is not to be had, say --yes", 2)
    gone = accepted.swept.keys + accepted.swept.files_deleted
    typer.echo(
        f"{accepted.ways_in} closed ways in and {gone} deleted keys are gone again; the keyring is at generation"
        f" {accepted.generation}"
    )


def _line(account: StaleAccount) -> str:
    """What holds for one account whose credentials the log has changed since."""
    old = ", ".join(sorted(account.stale)).replace("_", " ")
    if account.kept:
        return f"{account.user_id}: older {old}; what held then holds again"
    if account.shut:
        return f"{account.user_id}: older {old}; shut out, but for open sessions and passkeys (--keep lets them in)"
    way = "recovery code" if account.stale & {"password", "second_factor"} else "password"
    if "authenticator" in account.stale:
        way += " and a passkey"
    return f"{account.user_id}: older {old}; comes in with the {way}"
