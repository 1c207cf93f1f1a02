"""People, chats and files made without the API: keys, spools and events by the same rooms that it uses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from domain import account, chat, file, session
from domain.events import ClientHint, FileKind
from eventstore.record import Append
from service.accounts.accounts import account_index
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.keychain import Keychain, new_stream
from service.house.principal import Principal
from service.machine.config import Settings
from service.machine.ids import new_id
from vault.blobs import BlobReader, blob_associated_data
from vault.kdf import FLOOR, SALT_BYTES, PasswordParams, auth_verifier, password_keys
from vault.keyring import AccountRow, FileKeyRow, SessionKeyRow
from vault.keys import UserKeys, new_key, token_hash, token_key, wrap_for_server
from vault.spool import SpoolWriter

DAY_US = 86_400_000_000
PIECE_BYTES = 1 << 20
NO_HINT = ClientHint("")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone registered and signed in. `token` opens their session; `password` signs in again."""

    who: Principal
    token: bytes
    username: str
    email: str
    password: str

    @property
    def user(self) -> str:
        return self.who.user


def settings(data: Path, **changes: object) -> Settings:
    """For a folder of a test: a free port, quick retries."""
    given: dict[str, object] = {"data": str(data), "port": 0, "retry_max": 1, "retry_min_ms": 50, "api_processes": 1}
    return Settings(**{**given, **changes})  # type: ignore[arg-type]  # Names and values as the test gives them.


def person(house: House, username: str = "", password: str = "correct horse battery staple") -> Person:
    """Registered, at the floor of the password costs: 30 ms instead of 150."""
    username = username or f"person-{os.urandom(4).hex()}"
    email = f"{username}@example.org"
    user_id, token, subject = new_id(), os.urandom(32), new_key()
    keys = UserKeys(user_id, new_key())
    row = _account_row(house, user_id, username, email, password, keys, subject)
    session_row = _session_row(house, keys, token)
    house.keyring.add_account(row, session_row)
    registered = account.decide(account.RegisterUser(username, email), account.State())
    opened = session.decide(session.OpenSession(session_row.expires_at_us, "a test"), session.State())
    house.writer.append(
        Append(
            to_records(user_id, f"account-{user_id}", 0, registered, Sealing("subject", subject))
            + to_records(user_id, f"session-{session_row.session_id}", 0, opened, Sealing("user", keys.session_key()))
        )
    )
    who = Principal(user_id, session_row.session_id, session_row.expires_at_us, keys)
    return Person(who, token, username, email, password)


def _account_row(
    house: House, user_id: str, username: str, email: str, password: str, keys: UserKeys, subject: bytes
) -> AccountRow:
    params = PasswordParams(
        salt=os.urandom(SALT_BYTES),
        time_cost=FLOOR.time_cost,
        memory_kib=FLOOR.memory_kib,
        parallelism=FLOOR.parallelism,
    )
    stretched = password_keys(password.encode(), params, house.server.purpose("pepper"))
    public_key, secret_by_user = keys.new_account_keys()
    subject_by_server = wrap_for_server(
        house.server.purpose("subject"), subject, user_id, f"account-{user_id}", "subject"
    )
    return AccountRow(
        user_id=user_id,
        name_index=account_index(house, username),
        email_index=account_index(house, email),
        params=params,
        password_verifier=auth_verifier(stretched.auth),
        user_by_password=keys.wrap(stretched.kek, "password"),
        recovery_verifier=auth_verifier(new_key()),
        user_by_recovery=keys.wrap(new_key(), "recovery"),
        public_key=public_key,
        secret_by_user=secret_by_user,
        subject_by_server=subject_by_server,
        created_at_us=house.clock_us(),
    )


def _session_row(house: House, keys: UserKeys, token: bytes) -> SessionKeyRow:
    session_id, now_us = new_id(), house.clock_us()
    return SessionKeyRow(
        session_id=session_id,
        token_hash=token_hash(token),
        user_id=keys.user,
        user_by_token=keys.wrap(token_key(token), session_id),
        expires_at_us=now_us + DAY_US,
        created_at_us=now_us,
    )


def started_chat(house: House, owner: Person, title: str = "a chat") -> str:
    """The id of a new chat."""
    chat_id = new_id()
    stream = f"chat-{chat_id}"
    key, wrapped = new_stream(owner.who, stream)
    house.keyring.add_stream_key(stream, owner.user, wrapped, house.clock_us())
    events = chat.decide(chat.StartChat(title), chat.State())
    house.writer.append(Append(to_records(owner.user, stream, 0, events, Sealing(stream, key))))
    return chat_id


def deleted_chat(house: House, owner: Person, chat_id: str) -> int:
    """Only the event, as if the process had died right after it; its position."""
    events = chat.decide(chat.DeleteChat(), chat.State(started=True))
    return house.writer.append(Append(to_records(owner.user, f"chat-{chat_id}", 1, events))).last


def spooled_file(
    house: House, owner: Person, data: bytes, name: str = "notes.txt"
) -> tuple[str, file.UploadFile, bytes]:
    """Spool and keys, but no event yet: (file id, the command to decide, the stream's key)."""
    file_id = new_id()
    stream = f"file-{file_id}"
    spool_key = new_key()
    writer = SpoolWriter.create(house.layout.spool_file(file_id), spool_key, file_id)
    for start in range(0, len(data), PIECE_BYTES):
        writer.append(memoryview(data)[start : start + PIECE_BYTES])
    summary = writer.finish()
    key, wrapped = new_stream(owner.who, stream)
    spool_by_server = wrap_for_server(house.server.purpose("spool"), spool_key, owner.user, stream, "spool")
    tag = owner.who.keys.content_tag(summary.size_bytes, summary.sha256)
    row = FileKeyRow(file_id, owner.user, wrapped, spool_by_server, len(data), tag)
    house.keyring.add_files([row], house.settings.quota_bytes, house.clock_us())
    command = file.UploadFile(
        kind="file",
        size_bytes=summary.size_bytes,
        name=name,
        declared_type="application/x-claimed",
        sha256=summary.sha256.hex(),
    )
    return file_id, command, key


def uploaded_file(
    house: House,
    owner: Person,
    data: bytes,
    *,
    name: str = "notes.txt",
    kind: FileKind = "file",
    chat_id: str | None = None,
) -> str:
    """The id of a file that is acknowledged and waits to be stored."""
    file_id, command, key = spooled_file(house, owner, data, name)
    stream = f"file-{file_id}"
    uploaded = file.UploadFile(
        kind=kind,
        size_bytes=command.size_bytes,
        name=command.name,
        declared_type=command.declared_type,
        sha256=command.sha256,
        chat=chat_id,
    )
    events = file.decide(uploaded, file.State())
    house.writer.append(Append(to_records(owner.user, stream, 0, events, Sealing(stream, key))))
    return file_id


def blob_bytes(house: House, owner: Person, file_id: str) -> bytes:
    """The stored file as its owner reads it. LookupError without a key, FileNotFoundError without a blob."""
    row, key = house.keyring.blob_key(file_id, owner.user), Keychain(house, owner.who).blob(file_id)
    if row is None or key is None:
        raise LookupError("no blob key")
    with house.layout.blob_file(row.blob_id).open("rb") as blob:
        reader = BlobReader(blob, key, blob_associated_data(owner.user, row.blob_id))
        return b"".join(reader.read_range(0, reader.size_bytes))
