"""What may be wrong with a data folder or a machine, looked at one by one, each with the way out. Nothing of what the
folder holds is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from service.doctor import comparing, folder, running, truth
from service.doctor.finding import Finding, Hint, look
from service.machine.config import Settings
from service.machine.layout import Layout

__all__ = ["Finding", "examine"]


def examine(settings: Settings) -> list[Finding]:
    """In order from the ground up; what cannot be looked at because something below is missing says so
    itself."""
    layout = Layout(Path(settings.data).absolute())
    looks: dict[str, Callable[[], str | Hint]] = {
        "folder": lambda: folder.folder(layout),
        "server key": lambda: folder.server_key(layout, settings),
        "disk": lambda: folder.disk(layout, settings),
        "sqlite": truth.sqlite,
        "keyring": lambda: truth.keyring(layout, settings),
        "log": lambda: truth.log(layout),
        "accounts": lambda: comparing.accounts(layout),
        "clock": lambda: folder.clock(layout),
        "history": lambda: truth.history(layout, settings),
        "witnesses": lambda: truth.witnesses(layout, settings),
        "blobs": lambda: folder.blobs(layout),
        "spool": lambda: folder.spools(layout),
        "projection": lambda: running.projection(layout),
        "queue": lambda: running.queue(layout, settings),
        "workers": lambda: running.workers(layout),
        "media": running.media,
        "backups": lambda: folder.backups(layout, settings),
    }
    return [look(what, at) for what, at in looks.items()]
