"""What systemd is told: sd_notify(3), for units of `Type=notify`. Nothing happens where nobody asked to be told."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final, Literal

State = Literal["READY=1", "RELOADING=1", "STOPPING=1"]
ADDRESS: Final = "NOTIFY_SOCKET"
STATUS_MAX_CHARACTERS: Final = 500  # systemd takes no datagram of more than 4,096 bytes.


def tell_init_system(state: State | None, status: str) -> None:
    """To the datagram socket that the environment names; `@` begins an abstract name (unix(7)). `status`: a line for a
    person, which systemd shows and hands on as StatusText. Both in one datagram, so that nobody reads the one without
    the other. Never raises: who does not hear it waits in vain, which is its own to notice."""
    address = os.environ.get(ADDRESS, "")
    if not address.startswith(("/", "@")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.sendto(_datagram(state, status).encode(), "\0" + address[1:] if address[0] == "@" else address)


def _datagram(state: State | None, status: str) -> str:
    """An assignment each line: so what came from elsewhere must not begin another."""
    line = "".join(each if each.isprintable() else " " for each in status[:STATUS_MAX_CHARACTERS])
    return f"STATUS={line}" if state is None else f"{state}\nSTATUS={line}"
