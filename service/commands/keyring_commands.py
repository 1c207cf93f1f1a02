"""`strongroom keyring …`: the commands about the keyring. What a command needs is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from service.commands.command import Data, fail, failing_plainly, own_settings

if TYPE_CHECKING:
    from service.upkeep.accepting import StaleAccount

LOST_SHOWN: Final = 100
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
    give_up_lost: Annotated[
        bool, typer.Option("--give-up-lost", help="Erase accounts that the log has and this keyring.db lacks.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, there is no newer keyring.db.")] = False,
) -> None:
    """Go on with an older keyring.db, brought up to the log: what was deleted, closed or replaced since stays so."""
    settings = own_settings(data=data)
    from contextlib import closing
    from pathlib import Path

    from service.house.house import House
    from service.machine.process import harden
    from service.upkeep import accepting

    if not Path(settings.data).is_dir():
        fail(f"there is no data folder at {settings.data}", 1)
    harden()
    with failing_plainly(), closing(House(settings, older_keyring=True)) as house:
        lost = 0
        for user in accepting.lost_accounts(house):
            lost += 1
            if lost <= LOST_SHOWN:
                typer.echo(f"{user}: not in this keyring.db; lost, unless the newer one is put back")
        if lost > LOST_SHOWN:
            typer.echo(f"and {lost - LOST_SHOWN} more")
        sure = yes and (give_up_lost or not lost)
        accepted = accepting.accept(house, keep or (), give_up_lost=give_up_lost) if sure else None
        accounts = list(accepting.stale_accounts(house, keep or ())) if accepted is None else accepted.accounts
    for account in accounts:
        typer.echo(_line(account))
    if yes and accepted is None:
        fail(str(accepting.AccountsLost(lost)), 2)
    if accepted is None:
        given_up = " and --give-up-lost" if lost else ""
        fail(f"newer keys are lost for good then. If the newer keyring.db is not to be had, say --yes{given_up}", 2)
    if accepted.lost:
        typer.echo(f"{accepted.lost} lost accounts are erased, with their files")
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
