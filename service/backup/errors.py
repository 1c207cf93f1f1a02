"""Why a backup is not taken or not put back."""

from __future__ import annotations


class BackupRefused(RuntimeError):
    """Nothing was kept or put back, and why: one line that says the way out."""


class BackupBroken(BackupRefused):
    """A file of a backup is not what was written."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"the backup is damaged: {name} {why}. Nothing was put back: take another one")
        self.name = name
        self.why = why
