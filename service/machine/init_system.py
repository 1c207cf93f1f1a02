"""What systemd is told: sd_notify(3), for units of `Type=notify`. Nothing happens where nobody asked to be told."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final, Literal

State = Literal["READY=1", "RELOADING=1", "STOPPING=1"]
ADDRESS: Final = "NOTIFY_SOCKET"


def tell_init_system(state: State) -> None:
    """To the datagram socket that the environment names; `@` begins an abstract name (unix(7)). Never raises: who does
    not hear it waits in vain, which is its own to notice."""
    address = os.environ.get(ADDRESS, "")
    if not address.startswith(("/", "@")):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        out.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
