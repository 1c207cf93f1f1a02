"""The server key where it comes from outside the folder: from a variable, or from a file that a supervisor hands in,
such as a systemd credential or a container's secret. A file is better: what stands in the environment is inherited."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service.machine.config import Settings
from service.machine.layout import SERVER_KEY_BYTES

_MOST_BYTES: Final = 1_024  # Hex with any reasonable space around it; more is another file by mistake.


def is_given(settings: Settings) -> bool:
    """Whether the folder's own `server.key` is of no account."""
    return settings.server_key is not None or settings.server_key_file is not None


def given_server_key(settings: Settings) -> str | None:
    """64 hex digits; None when the key lies in the folder. Read each time: a rotation changes the file.

    RuntimeError, in one line that never tells what stands in the file."""
    if settings.server_key_file is None:
        return settings.server_key
    path = Path(settings.server_key_file)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise RuntimeError(
            f"STRONGROOM_SERVER_KEY_FILE: {path} cannot be read: {error.strerror}. Put the key"
            " there, or let this user read it"
        ) from None
    if (key := key_in(data)) is None:
        raise RuntimeError(
            f"STRONGROOM_SERVER_KEY_FILE: {path} holds no server key: {SERVER_KEY_BYTES} bytes, or as many in hex"
        )
    return key.hex()


def key_in(data: bytes) -> bytes | None:
    """32 bytes as they are, as in `server.key`, or 64 hex digits with space around them; None for anything else."""
    if len(data) == SERVER_KEY_BYTES:
        return data
    try:
        key = bytes.fromhex(data.decode("ascii").strip())
    except (UnicodeDecodeError, ValueError):
        return None
    return key if len(key) == SERVER_KEY_BYTES else None
