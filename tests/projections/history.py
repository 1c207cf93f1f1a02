"""A history under construction: events go in, facts with positions, versions and sealed bytes come out."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

from domain.events import (
    AccountErased,
    AnalysisFailed,
    AnyEvent,
    ApiTokenIssued,
    ApiTokenRevoked,
    ApiTokenUsed,
    AudioAnalysed,
    AudioTranscribed,
    BackupCodesIssued,
    BackupCodeUsed,
    ChatDeleted,
    ChatErased,
    ChatRenamed,
    ChatStarted,
    DataExported,
    DataImported,
    EmailChanged,
    ErasureRequested,
    FileDeleted,
    FileErased,
    FileFailed,
    FileRetried,
    FileStored,
    FileUploaded,
    ImageAnalysed,
    MessageDelivered,
    MessageFailed,
    MessageRead,
    MessageSent,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    RecoveryCodeIssued,
    Role,
    SessionClosed,
    SessionOpened,
    TotpDisabled,
    TotpEnabled,
    UserRegistered,
)
from domain.fact import Fact

PEOPLE = ("ann", "ben", "cyd")
ENOUGH_FOR_ONE_MORE = 60
START_US = 1_700_000_000_000_000
SEALING = (
    UserRegistered,
    EmailChanged,
    SessionOpened,
    ChatStarted,
    ChatRenamed,
    MessageSent,
    FileUploaded,
    FileStored,
    AudioAnalysed,
    ImageAnalysed,
    AudioTranscribed,
)
STORED = FileStored(
    scheme="AES256_GCM_HKDF_1MB", size_bytes=5, ciphertext_bytes=61, commitment="hmac-sha256:" + "00" * 32
)


class History:
    """One second between facts unless `at_us` says otherwise; sealed bytes name their position."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self._versions: Counter[str] = Counter()

    def add(self, stream: str, event: AnyEvent, user: str = "ann", at_us: int | None = None) -> Fact:
        position = len(self.facts) + 1
        self._versions[stream] += 1
        fact = Fact(
            position=position,
            stream=stream,
            version=self._versions[stream],
            user=user,
            at_us=START_US + position * 1_000_000 if at_us is None else at_us,
            event=event,
            key_id="key",
            sealed=sealed_at(position) if isinstance(event, SEALING) else b"",
        )
        self.facts.append(fact)
        return fact

    def since(self, position: int) -> list[Fact]:
        return self.facts[position:]


def sealed_at(position: int) -> bytes:
    return b"sealed-%d" % position


def message(chat: str = "c1", role: Role = "user", file_ids: tuple[str, ...] = ()) -> MessageSent:
    return MessageSent(chat=chat, role=role, content_type="text/plain", file_ids=file_ids)


TOLD: Final = (
    EmailChanged(),
    TotpEnabled(),
    TotpDisabled(),
    BackupCodesIssued(),
    BackupCodeUsed(),
    PasskeyAdded(passkey="p1", opens=False),
    PasskeyRemoved(passkey="p1"),
    DataImported(chats=1, messages=2, files=3),
)

Streams = dict[tuple[str, str], list[str]]
"""(kind, user) → the ids of that user's streams of that kind."""


def erased_person(history: History, user: str = "dee") -> None:
    """Somebody who had one of everything and was erased, and what was still under way at that moment."""
    account = f"account-{user}"
    history.add(account, UserRegistered(), user)
    history.add(account, RecoveryCodeIssued(), user)
    for event in TOLD:
        history.add(account, event, user)
    for once in ("", "-late"):
        history.add(f"session-{user}{once}", SessionOpened(expires_at_us=START_US), user)
        history.add(f"chat-{user}{once}", ChatStarted(), user)
        history.add(f"message-{user}{once}", message(f"{user}{once}"), user)
        history.add(f"file-{user}{once}", FileUploaded(kind="audio", size_bytes=5), user)
        history.add(f"file-{user}{once}", STORED, user)
        history.add(f"file-{user}{once}", AudioTranscribed(), user)
        if not once:
            history.add(account, PasswordChanged(), user)
            history.add(f"token-{user}", ApiTokenIssued(kind="read", expires_at_us=START_US), user)
            history.add(f"token-{user}", ApiTokenUsed(), user)
            history.add(f"token-{user}", ApiTokenRevoked(reason="revoked"), user)
            history.add(f"export-{user}", DataExported(by="session"), user)
            history.add(f"chat-{user}-gone", ChatStarted(), user)
            history.add(f"chat-{user}-gone", ChatDeleted(), user)
            history.add(f"chat-{user}-gone", ChatErased(), user)
            history.add(f"file-{user}-gone", FileUploaded(kind="file", size_bytes=5), user)
            history.add(f"file-{user}-gone", FileDeleted(), user)
            history.add(f"file-{user}-gone", FileErased(), user)
            history.add(account, ErasureRequested(), user)
    history.add(account, AccountErased(), user)


def random_history(seed: int, length: int) -> History:
    """A history that the deciders could have let through: three people, streams created once, any event
    after, one more who is erased if it is long enough, clocks that sometimes go back."""
    rng = random.Random(seed)
    history = History()
    streams: Streams = {}
    if length >= ENOUGH_FOR_ONE_MORE:
        erased_person(history)
    for user in PEOPLE:
        history.add(f"account-{user}", UserRegistered(), user)
        history.add(f"account-{user}", RecoveryCodeIssued(), user)
    while len(history.facts) < length:
        user = rng.choice(PEOPLE)
        at_us = START_US + len(history.facts) * 1_000_000 + rng.randrange(-5_000_000, 5_000_000)
        kind = rng.choice(("session", "chat", "message", "message", "message", "file", "file"))
        known = streams.setdefault((kind, user), [])
        if not known or rng.random() < 0.5:
            # In no order: ids that rise with the position would hide a wrong ORDER BY.
            name = f"{rng.randrange(10**12):012d}-{len(history.facts)}"
            event = _creation(rng, kind, user, streams)
            known.append(name)
        else:
            name = rng.choice(known)
            event = _change(rng, kind)
        history.add(f"{kind}-{name}", event, user, at_us)
    return history


def _creation(rng: random.Random, kind: str, user: str, streams: Streams) -> AnyEvent:
    chat = rng.choice(streams.get(("chat", user)) or ["none"])
    match kind:
        case "session":
            return SessionOpened(expires_at_us=START_US + rng.randrange(200) * 1_000_000)
        case "chat":
            return ChatStarted()
        case "message":
            files = streams.get(("file", user), [])
            return message(chat, rng.choice(("user", "assistant", "system")), tuple(files[:2]))
        case _:
            return FileUploaded(
                kind=rng.choice(("file", "audio")),
                size_bytes=rng.randrange(10**6),
                chat=rng.choice((None, chat)),
                message=rng.choice((None, *streams.get(("message", user), [])[-1:])),
            )


def _change(rng: random.Random, kind: str) -> AnyEvent:
    changes: dict[str, tuple[AnyEvent, ...]] = {
        "session": (SessionClosed(reason="logout"), SessionClosed(reason="expired")),
        "chat": (ChatRenamed(), ChatRenamed(), ChatDeleted(), ChatErased()),
        "message": (MessageDelivered(), MessageRead(), MessageFailed(code="refused")),
        "file": (
            STORED,
            STORED,
            AudioAnalysed(renditions=("waveform",)),
            ImageAnalysed(renditions=("thumbnail",)),
            AudioTranscribed(),
            AnalysisFailed(code="media_died"),
            FileFailed(code="bad_hash"),
            FileRetried(),
            FileDeleted(),
            FileErased(),
        ),
    }
    return rng.choice(changes[kind])
