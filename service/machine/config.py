"""All settings, in one frozen value read once from the environment (`STRONGROOM_*`)."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from service.machine import addresses

PREFIX = "STRONGROOM_"
MOST_BYTES: Final = 2**60  # No disk is as large, and the sum of a few stays within SQLite's 64 bits.
SHOWN_CHARS: Final = 80  # Of a wrong value.
_SECRETS: Final = ("_key", "_key_file", "_token", "_url")  # The key put for its file; a password in an address.
_NO_TEXT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})  # Controls, bytes that are not UTF-8, separators of lines.

Text = Annotated[str, Meta(min_length=1, max_length=4_096)]


class SettingsError(Exception):
    """A setting has a value that cannot be used: one line that says which and why."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Field `quota_bytes` is the variable `STRONGROOM_QUOTA_BYTES`, and so on."""

    data: Annotated[Text, Meta(description="Folder that holds everything Strongroom keeps.")] = "data"
    host: Annotated[Text, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    redis_url: Annotated[
        Text | None,
        Meta(description="A Redis or Valkey to use for the queue; without it an embedded one is started."),
    ] = None
    server_key: Annotated[
        Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}\Z")] | None,
        Meta(description="The server key in hex; without it, `server.key` in the folder."),
    ] = None
    server_key_file: Annotated[
        Text | None,
        Meta(description="File with the server key, in bytes or hex: a systemd credential, a container's secret."),
    ] = None
    api_processes: Annotated[int, Meta(ge=1, le=64, description="Processes that answer HTTP.")] = 2
    worker_threads: Annotated[int, Meta(ge=1, le=64, description="Uploads processed at the same time.")] = 2
    quota_bytes: Annotated[int, Meta(ge=0, le=MOST_BYTES, description="Bytes of files that one user may keep.")] = (
        100 * 1024**3
    )
    max_file_bytes: Annotated[int, Meta(ge=1, le=MOST_BYTES, description="Bytes that one file may have.")] = 5 * 1024**3
    max_files_per_request: Annotated[int, Meta(ge=1, le=1000, description="Files that one upload may hold.")] = 100
    uploads_at_once: Annotated[
        int, Meta(ge=1, le=1_000, description="Uploads received at once, per process; one person has half. Else 503.")
    ] = 32
    upload_expiry_seconds: Annotated[
        int, Meta(ge=1, le=30 * 86_400, description="How long a resumable upload waits for somebody to go on with it.")
    ] = 86_400
    streams_per_user: Annotated[
        int, Meta(ge=1, le=100_000, description="Event streams one user may have open, per process; the next gets 429.")
    ] = 50
    streams_at_once: Annotated[
        int, Meta(ge=1, le=100_000, description="Event streams open at the same time, per process; the next gets 503.")
    ] = 5_000
    reserve_bytes: Annotated[
        int, Meta(ge=0, le=MOST_BYTES, description="Uploads are refused (507) when the disk has less than this free.")
    ] = 64 * 1024**2
    session_days: Annotated[int, Meta(ge=1, le=3650, description="Days after which a session ends.")] = 30
    session_idle_days: Annotated[
        int, Meta(ge=1, le=3650, description="Days without use after which a session ends.")
    ] = 14
    backup_horizon_days: Annotated[
        int,
        Meta(ge=1, le=3650, description="Days for which copies of the keyring are kept; stands in erasure receipts."),
    ] = 30
    read_wait_ms: Annotated[
        int, Meta(ge=0, le=60_000, description="How long a read waits for the projection before it answers stale.")
    ] = 2_000
    body_timeout_s: Annotated[
        int, Meta(ge=1, le=3600, description="Seconds without a byte after which a body is given up.")
    ] = 60
    registration: Annotated[
        Literal["open", "invited", "closed"],
        Meta(description="Who may register: anybody, whoever has an invitation (`strongroom invite`), nobody."),
    ] = "open"
    taken_rate: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Times a day that one address, or one account, is told that a name or an e-mail address is "
            "taken; 429 then, whatever the name.",
        ),
    ] = 30
    operator_token: Annotated[
        Annotated[str, Meta(pattern=r"^[!-~]{32,256}\Z")] | None,
        Meta(description="Opens `/admin` and `/metrics`; without it, `operator.token` in the folder."),
    ] = None
    credential_rate: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Tries of a password or recovery code per minute from one address.")
    ] = 20
    guess_rate: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Wrong passwords, recovery codes or second factors at one account per quarter of an hour from "
            "one address, of each.",
        ),
    ] = 10
    account_guess_rate: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Wrong passwords at one account per hour, from all addresses together; as many again from all "
            "devices together that have signed in to it before.",
        ),
    ] = 100
    password_threads: Annotated[
        int, Meta(ge=1, le=64, description="Password hashings at the same time, per process (64 MiB each).")
    ] = 1
    trusted_proxies: Annotated[
        Text, Meta(description="Addresses of proxies, comma-separated, whose `X-Forwarded-For` and `-Proto` count.")
    ] = ""
    public_origin: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^/?#@\s]+\Z")] | None,
        Meta(description="Origin that people see, behind a proxy; passkeys need it there."),
    ] = None
    other_origins: Annotated[
        Annotated[Text, Meta(pattern=r"^https?://[^/,\s*]+( *, *https?://[^/,\s*]+)*\Z")],
        Meta(description="Origins of other sites, comma-separated, whose pages may use the API with a bearer token."),
    ] = ""
    retry_max: Annotated[
        int, Meta(ge=0, le=100, description="Times a failed job is tried again before it counts as failed.")
    ] = 5
    retry_min_ms: Annotated[
        int, Meta(ge=1, le=86_400_000, description="First pause between tries; doubles each time, up to a minute.")
    ] = 1_000
    sweep_seconds: Annotated[int, Meta(ge=1, le=86_400, description="Pause between sweeps for what a crash left.")] = 30
    orphan_seconds: Annotated[
        int, Meta(ge=60, le=365 * 86_400, description="Age at which an unfinished write counts as abandoned.")
    ] = 900
    transcribe: Annotated[
        Literal["off", "faster-whisper", "openai"],
        Meta(description="What writes down speech: nothing, a model on this machine, or an endpoint."),
    ] = "off"
    transcribe_model: Annotated[
        Text | None,
        Meta(description="Folder of the model for `faster-whisper`; name of the model for `openai` (`whisper-1`)."),
    ] = None
    transcribe_url: Annotated[
        Annotated[Text, Meta(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?\Z")] | None,
        Meta(description="Server with OpenAI's `/v1/audio/transcriptions`. What people say is sent there."),
    ] = None
    transcribe_api_key: Annotated[
        Annotated[str, Meta(pattern=r"^[!-~]{1,4096}\Z")] | None, Meta(description="Key to that server.")
    ] = None
    transcribe_language: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z]{2,3}\Z")] | None,
        Meta(description="Language spoken, as ISO 639; without it, it is guessed."),
    ] = None
    log_origin: Annotated[
        str,
        Meta(
            pattern=r"^[!-*,-~]{0,255}\Z",
            description="Name of the log in its checkpoints, for example `vault.example.org/log`; without it, one is "
            "drawn at the first start. It stays with the key.",
        ),
    ] = ""
    log_witnesses: Annotated[
        str,
        Meta(
            max_length=32_768,
            description="Witnesses that cosign checkpoints before they are published, comma-separated: "
            "`<verifier key> <address>`.",
        ),
    ] = ""
    log_format: Annotated[
        Literal["auto", "json", "console"], Meta(description="`auto`: console on a terminal, JSON elsewhere.")
    ] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level logged.")] = "info"

    def __repr__(self) -> str:
        return f"Settings({self.data!r}, …)"  # The server key and the queue's password must reach no log.


ADDRESSES: Final[Mapping[str, Callable[[str], str]]] = {
    "host": addresses.listening,
    "redis_url": addresses.queue,
    "server_key_file": addresses.key_file,
    "trusted_proxies": addresses.proxies,
    "public_origin": addresses.origin,
    "other_origins": addresses.origins,
    "transcribe_url": addresses.endpoint,
}
"""What a pattern is too weak for."""


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """SettingsError for a wrong value or a variable that no setting has."""
    kinds = _kinds()
    given: dict[str, str | int] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX):
            continue
        if variable not in kinds:
            raise SettingsError(f"{_plain(variable)} is no setting of Strongroom")
        if value == "":
            continue
        name, kind = kinds[variable]
        try:
            given[name] = _read(name, kind, value)
            msgspec.convert({name: given[name]}, Settings)
        except ValueError as error:  # msgspec's is one, too.
            raise SettingsError(f"{_told(name, value)}: {str(error).partition(' - at `$')[0]}") from None
    settings = msgspec.convert(given, Settings)
    if settings.server_key is not None and settings.server_key_file is not None:
        raise SettingsError(f"{PREFIX}SERVER_KEY and {PREFIX}SERVER_KEY_FILE are both set: give one of them")
    return settings


@cache
def _kinds() -> Mapping[str, tuple[str, Any]]:
    """Of every variable, its field and the type of that."""
    return {PREFIX + name.upper(): (name, kind) for name, kind in get_type_hints(Settings).items()}


def _read(name: str, kind: Any, value: str) -> str | int:
    """ValueError says what is wrong, without any of the value: msgspec takes `1e3` for a number, and tells the whole
    of a word that is none of those to choose from."""
    if any(unicodedata.category(char) in _NO_TEXT for char in value):
        raise ValueError("holds a control character, or bytes that are not UTF-8")
    if value.isspace():
        raise ValueError("holds nothing but space")
    if kind is int:
        if not re.fullmatch("[0-9]{1,20}", value):
            raise ValueError("must be a whole number, in at most 20 digits and nothing else")
        return int(value)
    if get_origin(kind) is Literal and value not in get_args(kind):
        raise ValueError(f"must be one of {', '.join(get_args(kind))}")
    return ADDRESSES[name](value) if name in ADDRESSES else value


def _told(name: str, value: str) -> str:
    """The variable, with its value unless that is or holds a secret."""
    secret = name.endswith(_SECRETS) or "@" in value  # `https://name:password@host`, wherever it was put.
    return PREFIX + name.upper() + ("" if secret else f"={shown(value)}")


def _plain(variable: str) -> str:
    return variable if re.fullmatch(f"[A-Za-z0-9_]{{1,{SHOWN_CHARS}}}", variable) else shown(variable)


def shown(text: str) -> str:
    """In quotes, with escapes for what no terminal should be sent, and no longer than a line."""
    quoted = repr(text[:SHOWN_CHARS])
    return quoted if len(text) <= SHOWN_CHARS >= len(quoted) else f"{quoted[: SHOWN_CHARS - 1]}…"


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that make `load_settings` give this value again, for child processes."""
    values = msgspec.structs.asdict(settings)
    return {PREFIX + name.upper(): str(value) for name, value in values.items() if value is not None}
