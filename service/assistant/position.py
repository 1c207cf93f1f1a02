"""How far the assistant has come in the log: one number in a small file, and never anything of what was said."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from service.assistant.errors import AssistantError
from service.assistant.settings import Secret

_CONTENT: Final = re.compile(rb"([0-9]{1,18})\n")
_MOST_BYTES: Final = 64


def default_path(user_id: str) -> Path:
    """One for each account, so that two assistants of two people on one machine do not skip each other's questions.
    XDG Base Directory Specification, `$XDG_STATE_HOME`."""
    given = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return folder / "strongroom" / f"assistant-{user_id}.position"


def name_of(token: Secret) -> str:
    """What stands for a person whose id the token is not told. Nothing of the token can be found out by it."""
    return f"token-{hashlib.sha256(token.value.encode()).hexdigest()[:16]}"


def load(path: Path) -> int | None:
    """None: it was never started. AssistantError for a file that is not one of these."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AssistantError(f"{path}: {error.strerror}") from None
    found = _CONTENT.fullmatch(data)
    if found is None:
        raise AssistantError(f"{path} holds no position; remove it to begin with what is said from now on")
    return int(found[1])


def save(path: Path, position: int) -> None:
    """Whole or not at all, also when the power goes. AssistantError where it cannot be written."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(b"%d\n" % position)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AssistantError(f"{path}: {error.strerror}") from None
