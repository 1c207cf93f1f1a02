"""Imports every module of the packages named and prints what else happened. A program, not a test."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import threading

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
EFFECTS = frozenset(
    {
        "os.mkdir",
        "os.putenv",
        "os.remove",
        "os.rename",
        "os.system",
        "os.fork",
        "os.posix_spawn",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "sqlite3.connect",
        "subprocess.Popen",
    }
)


LOUD = ("numpy",)  # Sets a variable of the environment when it is first imported: its affair, not ours.


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: https://docs.python.org/3/library/audit_events.html."""
    if event == "open":
        path, _mode, flags = arguments
        if isinstance(flags, int) and flags & WRITING:
            print("open", path)
    elif event in EFFECTS:
        first = arguments[0] if arguments else ""
        print(event, os.fsdecode(first) if isinstance(first, bytes) else first)


def main(packages: list[str]) -> None:
    for library in LOUD:
        importlib.import_module(library)
    # Handed in before watching: a hook cannot be removed, and start-up is not what is asked about.
    sys.addaudithook(watch)
    for package in packages:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if not module.name.endswith(".__main__"):
                importlib.import_module(module.name)
    if threading.active_count() > 1:
        print("threads", threading.active_count())


if __name__ == "__main__":
    main(sys.argv[1:])
