"""`strongroom log …`: the commands about the event log. What a command needs is imported when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from service.commands.command import Data, fail, failing_plainly, open_house, read_settings, settings_of_folder

log_app = typer.Typer(help="The event log.", no_args_is_help=True)


@log_app.command("head")
def log_head(data: Data = None) -> None:
    """Print the newest position."""
    with open_house(data) as house:
        typer.echo(house.log.head())


@log_app.command("key")
def log_key(data: Data = None) -> None:
    """Print the verifier key: what auditors check the log's signatures with."""
    settings = read_settings(data=data)
    from pathlib import Path

    from service.house.log_key import read_verifier
    from service.machine.layout import Layout

    verifier = read_verifier(Layout(Path(settings.data)))
    if verifier is None:
        fail("this log has no key yet: one is drawn at the first start", 1)
    typer.echo(str(verifier))


@log_app.command("begin-anew")
def log_begin_anew(
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Yes, this log shall have a new key and name.")] = False,
) -> None:
    """Draw a new key and name for the log, where it does not go on from what was signed and what is missing is lost."""
    if not yes:
        _require_own_key(data)
        fail(
            "auditors will see a new log, and what the old key signed is proved by the old key alone. If the newer"
            " events.db is not to be had, say --yes",
            2,
        )
    from service.signing.begin_anew import begin_anew

    with open_house(data) as house:
        verifier, retired = begin_anew(house)
    typer.echo(f"the old keys and checkpoints are in {retired}")
    typer.echo(str(verifier))


def _require_own_key(data: str | None) -> None:
    """Another server key keeps a log from opening, too, and is no reason to begin anew. Only looked at: nothing is
    made or lifted before a yes."""
    settings = settings_of_folder(data)
    from pathlib import Path

    from service.house.server_key import find_server_key, require_fitting
    from service.machine.given_key import given_server_key
    from service.machine.layout import Layout
    from service.machine.process import harden

    harden()
    layout = Layout(Path(settings.data).absolute())
    with failing_plainly():
        given = given_server_key(settings)
        if layout.keyring.exists():  # Else there is none that another key could belong to, and one would be drawn.
            require_fitting(layout, find_server_key(layout, given))


Key = Annotated[str | None, typer.Option("--key", metavar="VKEY", help="The verifier key that you trust.")]
Witnesses = Annotated[
    list[str] | None,
    typer.Option("--witness", metavar="VKEY", help="A witness's verifier key; may be given several times."),
]
Quorum = Annotated[
    int | None, typer.Option("--quorum", metavar="N", help="How many of the witnesses must have signed; else all.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


@log_app.command("verify")
def log_verify(
    data: Data = None,
    export: Annotated[str | None, typer.Option("--export", metavar="DIR", help="An exported folder instead.")] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="A published log instead: what comes before /checkpoint.")
    ] = None,
    key: Key = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="FILE", help="An older checkpoint, which this log must continue.")
    ] = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
    json: Json = False,
) -> None:
    """Check the whole history from its bytes up to the signature. 1 when anything is wrong."""
    if [data, export, url].count(None) < 2:
        fail("--data, --export and --url exclude each other", 2)
    from pathlib import Path

    from service.audit import auditing
    from service.machine.progress import progress

    try:
        policy = auditing.policy(key, since, witness or [], quorum)
        with progress("verifying") as show:
            if url is not None:
                verdict = auditing.audit_url(url, policy, show)
            elif export is not None:
                verdict = auditing.audit_export(Path(export), policy, show)
            else:
                verdict = auditing.audit_data(Path(read_settings(data=data).data), policy, show)
    except auditing.UsageError as error:
        fail(str(error), 2)
    for line in [auditing.as_json(verdict)] if json else auditing.lines(verdict):
        typer.echo(line)
    if not verdict.sound:
        raise typer.Exit(1)


@log_app.command("show")
def log_show(
    data: Data = None,
    after: Annotated[
        int, typer.Option("--after", min=0, max=2**63 - 1, metavar="N", help="Only what comes after position N.")
    ] = 0,
    until: Annotated[
        str | None, typer.Option("--until", metavar="N|TIME", help="Only up to this position or time, and with it.")
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", metavar="T", help="Only events of this type.")] = None,
    stream: Annotated[str | None, typer.Option("--stream", metavar="S", help="Only this stream's.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="Only this user's.")] = None,
    json: Json = False,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for what comes next, until Ctrl-C.")] = False,
) -> None:
    """Read the history as an auditor would: what happened when, to what, in how many bytes; never any content."""
    import os
    import sys
    import threading
    from contextlib import suppress
    from pathlib import Path

    from eventstore.verify.database import DatabaseRefused
    from service.audit import log_show as showing
    from service.audit.auditing import UsageError
    from service.machine.layout import Layout

    path = Layout(Path(read_settings(data=data).data)).events
    try:
        asked = showing.wanted(until, type_, stream, user)
        with suppress(KeyboardInterrupt):
            for seen in showing.read(path, after, asked, threading.Event() if follow else None):
                sys.stdout.write(f"{showing.json_line(seen) if json else showing.line(seen)}\n")
                if follow:
                    sys.stdout.flush()
            sys.stdout.flush()
    except UsageError as error:
        fail(str(error), 2)
    except DatabaseRefused as refused:
        fail(str(refused), 1)
    except BrokenPipeError:  # Whoever read has seen enough. Python's own last flush would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@log_app.command("export")
def log_export(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where the files go.")],
    data: Data = None,
) -> None:
    """Write the published log as static files, for any web server or auditor; go on with an export that was cut off."""
    from pathlib import Path

    from eventstore.verify.database import DatabaseRefused
    from service.audit.log_export import export
    from service.machine.layout import Layout
    from service.machine.progress import progress

    layout = Layout(Path(read_settings(data=data).data))
    try:
        with failing_plainly(), progress("exporting") as show:
            checkpoint = export(layout, Path(folder), show)
    except DatabaseRefused as refused:
        fail(str(refused), 1)
    typer.echo(f"exported {checkpoint.size} positions of {checkpoint.origin}")


@log_app.command("check-proof")
def log_check_proof(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A tlog-proof.")],
    key: Key = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
) -> None:
    """Check a proof that an event is in the log, without the log; print the event's envelope."""
    from pathlib import Path

    from eventstore.verify.files import FileRefused
    from service.audit import auditing

    try:
        checkpoint, entry = auditing.check_proof(Path(file), auditing.policy(key, None, witness or [], quorum))
    except auditing.UsageError as error:
        fail(str(error), 2)
    except (FileRefused, ValueError) as error:
        fail(f"{file}: {auditing.shown(str(error))}", 1)
    typer.echo(entry.decode())
    typer.echo(f"in {auditing.shown(checkpoint.origin)}, among its first {checkpoint.size} positions", err=True)
