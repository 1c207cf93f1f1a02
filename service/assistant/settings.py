"""What an assistant is told at its start, in one frozen value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MOST_SYSTEM_BYTES: Final = 64 * 1024
MOST_TOKEN_BYTES: Final = 4 * 1024
_VISIBLE: Final = re.compile(r"[!-~]+")
_POSITION: Final = re.compile(r"[0-9]{1,18}")


class SettingError(Exception):
    """One line that says what cannot be used; never the value of a secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A bearer token or key: it goes into a header, and is shown nowhere else."""

    value: str = field(repr=False)

    @property
    def header(self) -> str:
        return f"Bearer {self.value}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """`context_*`: of what the model is sent besides the system prompt, the question included."""

    context_messages: int
    context_chars: int
    answer_chars: int


@dataclass(frozen=True, slots=True)
class Patience:
    """`answer_s`: for one whole answer of the model; `silence_s`: without a byte of it. `tries` of the model for one
    question; `pause_s`: the first pause between tries. `transcript_s`: until the words of a voice note are there."""

    answer_s: float
    silence_s: float
    tries: int
    pause_s: float
    transcript_s: float


@dataclass(frozen=True, slots=True)
class Since:
    """Answer again from here on: after a position; questions before `at` (as the API writes times) are left out."""

    position: int
    at: str = ""


@dataclass(frozen=True, slots=True)
class AssistantSettings:
    """`state` None: a file of this account's in the user's state folder."""

    server: str
    base_url: str
    model: str
    token: Secret
    api_key: Secret | None
    system: str
    temperature: float | None
    state: Path | None
    since: Since | None
    bounds: Bounds
    patience: Patience


def address(name: str, url: str) -> str:
    """Without a slash at its end. SettingError for what is no http or https address, or holds a password."""
    try:
        parts = urlsplit(url)
        well = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        well, parts = False, urlsplit("")
    if not well or parts.query or parts.fragment or "@" in parts.netloc or _VISIBLE.fullmatch(url) is None:
        raise SettingError(f"{name} is no address such as https://example.org, without name, password and query")
    return url.rstrip("/")


def secret(name: str, text: str) -> Secret:
    """SettingError for what cannot stand in a header."""
    if _VISIBLE.fullmatch(text.strip()) is None or len(text) > MOST_TOKEN_BYTES:
        raise SettingError(f"{name} holds no token")
    return Secret(text.strip())


def text_of(name: str, path: Path, most_bytes: int) -> str:
    """A file's text. SettingError when there is none, or too much of it."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
        if len(data) > most_bytes:
            raise SettingError(f"{name}: {path} has more than {most_bytes} bytes")
        return data.decode()
    except OSError as error:
        raise SettingError(f"{name}: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingError(f"{name}: {path} is not UTF-8") from None


def since(text: str) -> Since:
    """A position, or a time in RFC 3339. SettingError for anything else."""
    if _POSITION.fullmatch(text):
        return Since(int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingError("--since is neither a position nor a time such as 2026-01-31T09:30:00Z")
    return Since(0, moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
