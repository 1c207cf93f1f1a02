"""`strongroom witness`: a small witness for logs, to be run on another machine than theirs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from service.commands.command import fail


def witness(
    folder: Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder for its key and what it remembers.")],
    name: Annotated[str, typer.Option("--name", help="Its name in signatures, such as witness.example.org/w1.")],
    log: Annotated[list[str], typer.Option("--log", metavar="VKEY", help="Verifier key of a log to cosign; several.")],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8010,
) -> None:
    """Cosign the checkpoints of logs, if each continues the one before. Prints the verifier key."""
    from service.audit.witnessing import Witness, WitnessError, WitnessSettings, parse_logs, witness_settings

    try:
        given = WitnessSettings(folder.absolute(), name, parse_logs(log))
        settings = witness_settings(given.environment())
        verifier = Witness(settings).verifier
    except WitnessError as error:
        fail(str(error), 2)
    except OSError as error:
        fail(f"{error.filename or folder}: {error.strerror}", 1)
    typer.echo(verifier)
    sys.stdout.flush()
    shown = f"[{host}]" if ":" in host else host
    command = [sys.executable, "-m", "gunicorn", "-c", "python:api.witness_gunicorn", "-b", f"{shown}:{port}"]
    environment = {**os.environ, **settings.environment()}
    os.execve(command[0], command, environment)  # noqa: S606  (no shell on purpose)
