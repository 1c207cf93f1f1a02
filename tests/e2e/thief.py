"""Somebody with a copy of the whole data folder, the server key, and all that one person knows: password, recovery
code, session tokens. Tries every key that these give on every sealed thing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from eventstore.record import decode_envelope
from service.house.facts import event_binding
from service.machine.layout import Layout
from vault.blobs import BlobReader, blob_associated_data
from vault.errors import BlobBroken, SealBroken, SpoolBroken
from vault.kdf import PasswordParams, ServerKey, password_keys, recovery_keys
from vault.keys import (
    FindingKeys,
    UserKeys,
    open_blob_key,
    token_key,
    unwrap_for_server,
    unwrap_user_key,
)
from vault.seal import open_sealed
from vault.spool import SpoolReader
from vault.write_keys import is_sealed_to_account, open_sealed_stream

WRAPS = {
    "account": ("user_by_password", "user_by_recovery", "secret_by_user", "subject_by_server"),
    "session": ("user_by_token",),
    "stream_key": ("stream_by_user",),
    "spool_key": ("spool_by_server", "finding_by_server"),
    "blob_key": ("blob_by_public", "salt"),
    "content_tag": ("tag",),
}
RENDITIONS = ("waveform", "play", "thumbnail", "aac")


@dataclass(frozen=True, slots=True)
class Known:
    """What a person knows, and the server key."""

    user: str
    server: bytes = field(repr=False)
    password: str = field(repr=False)
    code: str = field(repr=False)
    tokens: tuple[bytes, ...] = field(repr=False)


class Thief:
    """On one copy of a data folder. Keys are derived once."""

    def __init__(self, folder: Path, known: Known) -> None:
        self.layout = Layout(folder)
        self._known = known
        self._server = ServerKey(known.server)
        self._renditions: list[FindingKeys] = []
        self.keys = tuple(dict.fromkeys(self._derive()))

    def sealed_events(self, streams: Sequence[str]) -> list[tuple[str, str, int, bytes]]:
        """(stream, type, version, sealed bytes) of every event of these that has any."""
        with closing(apsw.Connection(str(self.layout.events))) as log:
            rows = log.execute("SELECT envelope, sealed FROM events WHERE length(sealed) > 0").fetchall()
        found = [(decode_envelope(bytes(_blob(envelope))), _blob(sealed)) for envelope, sealed in rows]
        return [(each.stream, each.type, each.version, sealed) for each, sealed in found if each.stream in streams]

    def opened_events(self, streams: Sequence[str]) -> list[bytes]:
        """The private parts that some key opens."""
        return [
            plain
            for stream, type_, version, sealed in self.sealed_events(streams)
            if (plain := self._opened(sealed, stream, type_, version)) is not None
        ]

    def opened_bytes(self, ciphertexts: Layout, file_ids: Sequence[str]) -> list[bytes]:
        """The content of spools, blobs and renditions of these files that some key opens, wherever those lie."""
        found: list[bytes] = []
        for file_id, key in itertools.product(file_ids, self.keys):
            found += _spool(ciphertexts.spool_file(file_id), file_id, key)
            found += self._blob(ciphertexts, file_id, "", key)
        for file_id, name, keys in itertools.product(file_ids, RENDITIONS, self._renditions):
            found += self._blob(ciphertexts, file_id, name, keys.rendition(name))
        return found

    def wraps(self, streams: Sequence[str], *, account: bool = False) -> list[bytes]:
        """Everything the keyring has for these streams, byte for byte; of the person themselves, too, if asked for."""
        subjects = {stream.partition("-")[2] for stream in streams}
        found: list[bytes] = []
        for table, columns in WRAPS.items():
            for row in self._rows(table):
                mine = row.get("stream") in streams or row.get("file_id") in subjects
                if mine or (account and row["user_id"] == self._known.user):
                    found += [row[column] for column in columns if isinstance(row[column], bytes)]
        return found

    def _derive(self) -> Iterator[bytes]:
        for name in ("pepper", "subject", "spool", "index", "checkpoint"):
            yield self._server.purpose(name)
        user = self._known.user
        for row in self._rows("spool_key"):
            stream = f"file-{row['file_id']}"
            yield unwrap_for_server(
                self._server.purpose("spool"), row["spool_by_server"], row["user_id"], stream, "spool"
            )
            if row["finding_by_server"] is not None:
                keys = FindingKeys.unwrap(
                    self._server.purpose("spool"), row["finding_by_server"], row["user_id"], row["file_id"]
                )
                self._renditions.append(keys)
                yield keys.details
        for account in self._rows("account"):
            if account["user_id"] == user:
                subject = self._server.purpose("subject")
                yield unwrap_for_server(subject, account["subject_by_server"], user, f"account-{user}", "subject")
        for user_key in dict.fromkeys(self._user_keys()):
            yield user_key
            yield from self._under_user(UserKeys(user, user_key))

    def _user_keys(self) -> Iterator[bytes]:
        user = self._known.user
        for row in self._rows("account"):
            params = PasswordParams(
                time_cost=row["time_cost"],
                memory_kib=row["memory_kib"],
                parallelism=row["parallelism"],
                salt=row["salt"],
            )
            pepper = self._server.purpose("pepper")
            password = password_keys(self._known.password.encode(), params, pepper)
            code = recovery_keys(self._known.code, user, pepper)
            for kek, wrapped, purpose in (
                (password.kek, row["user_by_password"], "password"),
                (code.kek, row["user_by_recovery"], "recovery"),
            ):
                with suppress(SealBroken):
                    yield unwrap_user_key(kek, wrapped, user, purpose)
        for row, token in itertools.product(self._rows("session"), self._known.tokens):
            with suppress(SealBroken):
                yield unwrap_user_key(token_key(token), row["user_by_token"], user, row["session_id"])

    def _under_user(self, keys: UserKeys) -> Iterator[bytes]:
        yield keys.session_key()
        yield keys.upload_key()
        secrets = []
        for row in self._rows("account"):
            with suppress(SealBroken):
                secrets.append(keys.open_secret(row["secret_by_user"]))
        for row in self._rows("stream_key"):
            stream, wrapped = row["stream"], row["stream_by_user"]
            with suppress(SealBroken):
                if is_sealed_to_account(wrapped):
                    yield from (open_sealed_stream(secret, wrapped, keys.user, stream) for secret in secrets)
                else:
                    yield keys.open_stream(stream, wrapped)
        for row, secret in itertools.product(self._rows("blob_key"), secrets):
            with suppress(SealBroken):
                key = open_blob_key(secret, row["blob_by_public"], keys.user, row["file_id"])
                finding = FindingKeys.of_blob(key, row["salt"])
                self._renditions.append(finding)
                yield from (key, finding.details)

    def _opened(self, sealed: bytes, stream: str, type_: str, version: int) -> bytes | None:
        for key in self.keys:
            with suppress(SealBroken):
                return open_sealed(key, sealed, event_binding(self._known.user, stream, version, type_))
        return None

    def _blob(self, ciphertexts: Layout, file_id: str, name: str, key: bytes) -> list[bytes]:
        with suppress(FileNotFoundError, BlobBroken), ciphertexts.blob_file(file_id, name).open("rb") as blob:
            data = blob_associated_data(self._known.user, file_id, name or "original")
            reader = BlobReader(blob, key, data)
            return [b"".join(reader.read_range(0, reader.size_bytes))]
        return []

    def _rows(self, table: str) -> list[dict[str, Any]]:
        with closing(apsw.Connection(str(self.layout.keyring))) as keyring:
            cursor = keyring.execute(f"SELECT * FROM {table}")
            return [dict(zip([name for name, *_ in cursor.description], row, strict=True)) for row in cursor]


def _spool(path: Path, file_id: str, key: bytes) -> list[bytes]:
    with suppress(FileNotFoundError, SpoolBroken), SpoolReader(path, key, file_id) as spool:
        return [b"".join(bytes(piece) for piece in spool)]
    return []


def _blob(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
