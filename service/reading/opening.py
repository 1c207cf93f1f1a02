"""Rows → views: opening sealed columns with the keys of the person who asks.

Nothing where a key is gone: what it sealed was forgotten a moment ago, and the projection will follow."""

from __future__ import annotations

from typing import Final, assert_never, cast

import msgspec

from domain.events import AudioDetails, ClientHint, Content, Declared, Details, Identity, Title, Transcript
from projections.queries import Queries
from projections.rows import ChatRow, FileRow, Item, MessageRow, SessionRow, TranscriptRow, UserRow
from service.house.advance import share_done
from service.house.facts import event_binding, open_private
from service.house.house import House
from service.house.keychain import MAX_KEPT, Keychain
from service.house.principal import Principal
from service.media.types import AUDIO_OF
from service.reading.views import AudioView, ChatView, FileView, ItemView, MessageView, SessionView, UserView, rfc3339
from vault.keys import unwrap_for_server
from vault.seal import Sealer

SCHEME: Final = "AES256_GCM_HKDF_1MB"


class Opener:
    """Opens rows of one person for one request. `tables`: where the rows come from; today's if not told."""

    def __init__(self, house: House, who: Principal, tables: Queries | None = None) -> None:
        self._house = house
        self._tables = house.reader if tables is None else tables
        self._who = who
        self._keys = Keychain(house, who)
        self._chats: dict[str, Sealer | None] = {}
        self._hints: Sealer | None = None

    def user(self, row: UserRow) -> UserView | None:
        account = self._house.keyring.account(row.user_id)
        if account is None:
            return None
        stream = f"account-{row.user_id}"
        subject = unwrap_for_server(
            self._house.server.purpose("subject"), account.subject_by_server, row.user_id, stream, "subject"
        )
        binding = event_binding(row.user_id, stream, row.identity_version, row.identity_type)
        identity = open_private(Sealer(subject), row.identity_sealed, binding, Identity)
        return UserView(
            id=row.user_id,
            username=identity.username,
            email=identity.email,
            created_at=rfc3339(row.created_at_us),
            updated_at=rfc3339(row.updated_at_us),
        )

    def session(self, row: SessionRow) -> SessionView:
        if self._hints is None:
            self._hints = Sealer(self._who.keys.session_key())
        binding = event_binding(row.user_id, f"session-{row.session_id}", 1, "SessionOpened")
        hint = open_private(self._hints, row.client_sealed, binding, ClientHint)
        return SessionView(
            id=row.session_id,
            created_at=rfc3339(row.created_at_us),
            expires_at=rfc3339(row.expires_at_us),
            current=row.session_id == self._who.session_id,
            client=hint.client,
            place=hint.place,
        )

    def item(self, row: Item) -> ItemView | None:
        if isinstance(row, MessageRow):
            return self.message(row)
        if isinstance(row, FileRow):
            return self.file(row)
        return self.chat(row)

    def chat(self, row: ChatRow) -> ChatView | None:
        opener = self._chat(row.chat_id)
        if opener is None:
            return None
        binding = event_binding(row.user_id, f"chat-{row.chat_id}", row.title_version, row.title_type)
        title = open_private(opener, row.title_sealed, binding, Title)
        began_at_us = row.created_at_us if title.began_at_us is None else title.began_at_us
        return ChatView(row.chat_id, title.title, rfc3339(began_at_us), rfc3339(row.updated_at_us))

    def content(self, row: MessageRow) -> str | None:
        """What a message says."""
        opened = self.said(row)
        return None if opened is None else opened.content

    def said(self, row: MessageRow) -> Content | None:
        """The message opened; None where its chat or its own key is gone."""
        opener = self._chat(row.chat_id)
        if opener is None:
            return None  # Forgotten, and what was said in it, whatever key that has.
        stream = f"message-{row.message_id}"
        if row.own_key:
            key = self._keys.stream(stream)
            if key is None:
                return None
            opener = Sealer(key)
        binding = event_binding(row.user_id, stream, 1, "MessageSent")
        return open_private(opener, row.content_sealed, binding, Content)

    def message(self, row: MessageRow) -> MessageView | None:
        said = self.said(row)
        if said is None:
            return None
        return MessageView(
            message_id=row.message_id,
            chat_id=row.chat_id,
            role=row.role,
            content_type=row.content_type,
            content=said.content,
            status=row.status,
            error_code=row.error_code,
            # As it lies in the table: it is JSON already, and goes out as it is.
            file_ids=cast(list[str], msgspec.Raw(row.file_ids_json.encode())),
            created_at=rfc3339(row.created_at_us if said.sent_at_us is None else said.sent_at_us),
        )

    def file(self, row: FileRow) -> FileView | None:
        if row.chat_id is not None and self._keys.stream(f"chat-{row.chat_id}") is None:
            return None  # Its chat is forgotten, and it with it; its own keys follow in a moment.
        stream = f"file-{row.file_id}"
        key = self._keys.stream(stream)
        if key is None:
            return None
        binding = event_binding(row.user_id, stream, 1, "FileUploaded")
        declared = open_private(Sealer(key), row.declared_sealed, binding, Declared)
        details = self._details(row, stream)
        return FileView(
            file_id=row.file_id,
            chat_id=row.chat_id,
            message_id=row.message_id,
            kind=row.kind,
            name=declared.name,
            mime_type=None if details is None else _heard(details.mime_type, row),
            size_bytes=row.size_bytes,
            status=row.status,
            error_code=row.error_code or row.media_error,
            progress=self._progress(row),
            encryption_algo="AES-256-GCM",
            encryption_scheme=SCHEME,
            encryption_iv=None if details is None else details.iv or None,
            hash_sha256=declared.sha256 if details is None else details.sha256,
            uploaded_at=rfc3339(row.uploaded_at_us if declared.uploaded_at_us is None else declared.uploaded_at_us),
            audio=self._audio(row, stream),
            has_thumbnail="thumbnail" in row.renditions,
        )

    def transcript(self, row: TranscriptRow) -> Transcript | None:
        key = self._keys.details(row.file_id)
        if key is None:
            return None
        binding = event_binding(row.user_id, f"file-{row.file_id}", row.version, "AudioTranscribed")
        return open_private(Sealer(key), row.text_sealed, binding, Transcript)

    def _progress(self, row: FileRow) -> float | None:
        """From 0 to 1; None while nobody has told, and for what failed."""
        match row.status:
            case "ready":
                return 1.0
            case "processing":
                return share_done(self._house.layout, row.file_id)
            case "error":
                return None
            case _:
                assert_never(row.status)

    def spoken(self, file_id: str) -> str:
        """All that a transcript says, "" where there is none."""
        row = self._tables.transcript(self._who.user, file_id)
        found = None if row is None else self.transcript(row)
        return "" if found is None else " ".join(segment.text for segment in found.segments)

    def _chat(self, chat_id: str) -> Sealer | None:
        """One cipher for all messages of a chat: its key schedule costs as much as opening one of them."""
        if chat_id not in self._chats:
            key = self._keys.stream(f"chat-{chat_id}")
            if len(self._chats) >= MAX_KEPT:
                self._chats.clear()
            self._chats[chat_id] = None if key is None else Sealer(key)
        return self._chats[chat_id]

    def _details(self, row: FileRow, stream: str) -> Details | None:
        if row.details_sealed is None or row.details_version is None:
            return None
        key = self._keys.details(row.file_id)
        if key is None:
            return None
        binding = event_binding(row.user_id, stream, row.details_version, "FileStored")
        return open_private(Sealer(key), row.details_sealed, binding, Details)

    def _audio(self, row: FileRow, stream: str) -> AudioView | None:
        if row.media_type != "AudioAnalysed" or row.media_sealed is None or row.media_version is None:
            return None
        key = self._keys.details(row.file_id)
        if key is None:
            return None
        binding = event_binding(row.user_id, stream, row.media_version, "AudioAnalysed")
        found = open_private(Sealer(key), row.media_sealed, binding, AudioDetails)
        return AudioView(
            duration_s=found.duration_s,
            codec=found.codec,
            sample_rate_hz=found.sample_rate_hz,
            channels=found.channels,
            has_transcript=bool(row.transcribed),
        )


def _heard(mime_type: str, row: FileRow) -> str:
    """A container in which there turned out to be sound alone is called so."""
    return AUDIO_OF.get(mime_type, mime_type) if row.media_type == "AudioAnalysed" else mime_type
