"""SIGHUP in a program's first moments."""

from __future__ import annotations

import os
import signal


def ignore_hangups() -> None:
    """Until the supervisor listens to them: by itself SIGHUP ends a program, and one that has only begun has nothing to
    renew. In a terminal it says that the terminal is gone, and ends the program rightly."""
    if not os.isatty(0):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
