"""The command line. Exit codes: 0 well, 1 found something wrong, 2 wrong usage.

What a command needs is imported when it runs: asking for help must not load a database.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from service.commands.assistant_command import assistant
from service.commands.backup_commands import backup, restore, rotate_server_key
from service.commands.command import Data, failing_plainly, open_house, own_settings
from service.commands.export_commands import export, import_
from service.commands.hangups import ignore_hangups
from service.commands.invite_command import invite
from service.commands.keyring_commands import keyring_app
from service.commands.log_commands import log_app
from service.commands.witness_command import witness
from service.machine.standard_ends import open_closed_ends, settle_ends

if TYPE_CHECKING:
    from service.machine.config import Settings

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[str | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.")]

app = typer.Typer(
    name="strongroom",
    help="Keeps messages, files and voice in an append-only event log, encrypted under a key that your password opens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # A pretty traceback shows local variables, and those hold keys.
)
projections_app = typer.Typer(help="The read tables: prove or renew them.", no_args_is_help=True)
blobs_app = typer.Typer(help="The stored bytes: prove them, and find what nobody names.", no_args_is_help=True)
app.add_typer(projections_app, name="projections")
app.add_typer(log_app, name="log")
app.add_typer(keyring_app, name="keyring")
app.add_typer(blobs_app, name="blobs")
app.command()(witness)
app.command()(assistant)
app.command()(backup)
app.command()(restore)
app.command()(rotate_server_key)
app.command()(export)
app.command("import")(import_)
app.command()(invite)


def main() -> None:
    """`strongroom`."""
    open_closed_ends()
    try:
        app()
    except SystemExit as left:
        lost = settle_ends()
        if lost is not None and not left.code:  # Else something has been told already.
            _end_without_output(lost)
        raise
    except OSError as error:  # Of a line that a command told: what the machine refuses its work ends in `fail`.
        _end_without_output(settle_ends() or error)
    finally:
        settle_ends()


def _end_without_output(error: OSError) -> NoReturn:
    """One line and 1: whoever asked has not all of the answer."""
    with suppress(OSError):
        typer.echo(f"strongroom: {error.filename or 'standard output'}: {error.strerror or error}", err=True)
    raise SystemExit(1) from None


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"strongroom {version('strongroom')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Takes the options that stand before the command."""


@app.command()
def up(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    workers: Annotated[str | None, typer.Option("--workers", metavar="N", help="Processes that answer HTTP.")] = None,
) -> None:
    """Start everything, and keep it running until SIGTERM or Ctrl-C."""
    ignore_hangups()
    settings = own_settings(data=data, host=host, port=port, api_processes=workers)
    from service.commands import up as starting
    from service.machine.logging import configure

    configure(settings, "up")
    with failing_plainly():
        starting.up(settings)


@app.command()
def api(data: Data = None, host: Host = None, port: Port = None) -> None:
    """Answer HTTP, and nothing else: for systemd units and containers."""
    ignore_hangups()
    settings = own_settings(data=data, host=host, port=port)
    from service.commands.up import api_alone
    from service.machine.logging import configure

    configure(settings, "api")
    _require_history(settings)
    with failing_plainly():
        api_alone(settings)


@app.command()
def operator_token(data: Data = None) -> None:
    """Show the operator's token, which opens /admin and /metrics."""
    settings = own_settings(data=data)
    from pathlib import Path

    from service.house.operator import OperatorToken
    from service.machine.layout import Layout

    with failing_plainly():
        layout = Layout(Path(settings.data).absolute())
        layout.create()
        typer.echo(OperatorToken(layout, settings.operator_token).reveal())


@app.command()
def worker(
    data: Data = None,
    queues: Annotated[
        str,
        typer.Option("--queues", help="Which queues to work on: projections, uploads, media, transcripts, or several."),
    ] = "projections,uploads,media,transcripts",
) -> None:
    """Work on the queues, and nothing else: for systemd units and containers."""
    ignore_hangups()
    settings = own_settings(data=data)
    from service.commands.up import worker_alone
    from service.machine.logging import configure

    configure(settings, "worker")
    _require_history(settings)
    with failing_plainly():
        worker_alone(settings, queues)


@app.command()
def valkey(data: Data = None) -> None:
    """Run the embedded queue, and nothing else: for systemd units that start the other parts beside it."""
    ignore_hangups()
    settings = own_settings(data=data)
    from service.commands.up import queue_alone
    from service.machine.logging import configure

    configure(settings, "valkey")
    with failing_plainly():
        queue_alone(settings)


@projections_app.command("check")
def projections_check(data: Data = None) -> None:
    """Build the read tables anew from the log and compare them with the live ones. 1 when they differ."""
    from service.machine.progress import progress
    from service.upkeep import projecting

    with open_house(data) as house, progress("rebuilding beside the live tables") as show:
        found = projecting.check(house, show)
    for line in found:
        typer.echo(line)
    if found:
        raise typer.Exit(1)
    typer.echo("the rebuilt tables equal the live ones")


@projections_app.command("rebuild")
def projections_rebuild(data: Data = None) -> None:
    """Build the read tables anew beside the live ones and put them in their place; reads and writes go on."""
    from service.machine.progress import progress
    from service.upkeep import projecting

    with open_house(data) as house, progress("rebuilding") as show:
        position = projecting.rebuild(house, show)
    typer.echo(f"rebuilt up to position {position}")


@blobs_app.command("check")
def blobs_check(
    data: Data = None,
    sweep: Annotated[bool, typer.Option("--sweep", help="Remove what nobody names, past the orphan age.")] = False,
) -> None:
    """Compare every stored file's bytes with the log, and list what nobody names. 1 when it found anything."""
    from service.machine.progress import progress
    from service.upkeep import inventory

    with open_house(data) as house, progress("reading blobs, MiB") as show:
        stock = inventory.check(house, show, sweep=sweep)
    for line in inventory.lines(stock):
        typer.echo(line)
    if stock.faults or stock.orphans:
        raise typer.Exit(1)


@app.command()
def doctor(
    data: Data = None, json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False
) -> None:
    """Look over the data folder and this machine, and say the way out. 1 when something is wrong."""
    settings = own_settings(data=data)
    from service.doctor import examine

    findings = examine(settings)
    if json:
        import msgspec

        typer.echo(msgspec.json.encode(findings).decode())
    for finding in () if json else findings:
        typer.echo(finding.line)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _require_history(settings: Settings) -> None:
    """Ends the program where a folder's log is not the one that was signed, or its keyring not the newest that was
    here. A folder that is not there has neither."""
    from pathlib import Path

    from service.machine.layout import Layout
    from service.signing.continuity import require_history
    from service.upkeep.keyring_age import require_keyring

    layout = Layout(Path(settings.data).absolute())
    with failing_plainly():
        require_history(layout, settings)
        require_keyring(layout, settings)
