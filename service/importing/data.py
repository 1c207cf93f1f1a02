"""`data.ndjson` of an archive: read to its end, checked line by line and put by, before anything of it is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from typing import Final

import msgspec

from domain.errors import BadExport, ExportTooNew
from service.house.house import House
from service.importing import version1
from service.importing.rows import Chat, End, File, Message, Row
from service.uploads.drafts import Draft

LINE_MAX: Final = 4 << 20  # 256 KiB of text, each of its characters written as six.
FILES_MAX: Final = 100_000  # Each is remembered until its bytes have come.
CHATS_MAX: Final = 1_000_000
ROW_BYTES: Final = 1_536
"""What a row has in the log beyond its line, at most: the envelopes of its two events, and their seals. What an event
says stands in the line, in no fewer bytes."""
FAMILY: Final = "strongroom-export/"  # And then the version.
READERS: Final[dict[str, Callable[[bytes], Row]]] = {version1.FORMAT: version1.decode}
"""Every version there has been. A new one is added; none is taken away."""


class _Head(msgspec.Struct, frozen=True, tag_field="kind", tag="export"):
    """The first line of every version."""

    export_id: str
    format: str


_decode_head = msgspec.json.Decoder(_Head).decode


class Data:
    """Blocks. BadExport from `take` and `finish` for what is not whole and sound; StorageFull. Close it.

    `files`: those whose bytes are to come, by their path; `without_bytes`: how many have none. `log_bytes`: what all of
    it has in the log, at most, be it there from an earlier try or not."""

    def __init__(self, house: House) -> None:
        self._draft = Draft(house)
        self._hash = hashlib.sha256()
        self._whole = hashlib.sha256()
        self._rest = b""
        self._lines = 0
        self._decode: Callable[[bytes], Row] | None = None
        self._end: End | None = None
        self._chats: set[str] = set()
        self.export_id = ""
        self.files: dict[str, File] = {}
        self.without_bytes = 0
        self.log_bytes = 0

    def take(self, data: bytes) -> None:
        self._whole.update(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_MAX:
            raise self._wrong("it is too long")
        for line in lines:
            self._read(line)
        self._draft.write(data)

    def finish(self) -> None:
        if self._rest or self._end is None:
            raise BadExport("data.ndjson ends before its end.")
        self._chats.clear()
        self._draft.finish()

    @property
    def sha256(self) -> str:
        return self._whole.hexdigest()

    @property
    def remembered(self) -> int:
        """Of how many chats and files something stays in memory."""
        return len(self._chats) + len(self.files)

    def rows(self) -> Generator[list[Chat | Message], None, None]:
        """What goes into the log by itself, in the order of the export, some at a time."""
        decode = self._decode
        assert decode is not None
        first = True
        for lines in self._draft.lines():
            told = [decode(line) for line in (lines[1:] if first and lines else lines) if line]
            first = first and not lines
            yield [row for row in told if isinstance(row, Chat | Message)]

    def close(self) -> None:
        self._draft.close()

    def _read(self, line: bytes) -> None:
        self._lines += 1
        if self._end is not None:
            raise self._wrong("it comes after the last one")
        try:
            if self._decode is None:
                self._begin(line)
            else:
                self._note(self._decode(line))
                self.log_bytes += len(line) + ROW_BYTES
        except (ValueError, OverflowError, RecursionError):  # Of msgspec, too: its words could quote what one wrote.
            raise self._wrong("it is not what an export says") from None
        self._hash.update(line + b"\n")

    def _begin(self, line: bytes) -> None:
        head = _decode_head(line)
        self._decode = READERS.get(head.format)
        if self._decode is None:
            if not head.format.startswith(FAMILY):
                raise BadExport("This is no export of a Strongroom.")
            raise ExportTooNew("This export is of a version that this Strongroom does not know. Use a newer one.")
        if not 1 <= len(head.export_id) <= 64:
            raise ValueError
        self.export_id = head.export_id

    def _note(self, row: Row) -> None:
        match row:
            case Chat(chat_id=chat_id):
                self._chats.add(chat_id)
                if len(self._chats) > CHATS_MAX:
                    raise BadExport(f"An import takes at most {CHATS_MAX:,} chats.")
            case Message(chat_id=chat_id):
                self._require_chat(chat_id)
            case File(chat_id=chat_id, path=path):
                if chat_id is not None:
                    self._require_chat(chat_id)
                if path is None:
                    self.without_bytes += 1
                elif path in self.files:
                    raise self._wrong("another file lies under its path")
                else:
                    self.files[path] = row
                if len(self.files) > FILES_MAX:
                    raise BadExport(f"An import takes at most {FILES_MAX:,} files.")
            case End(lines=lines, sha256=sha256):
                if (lines, sha256) != (self._lines - 1, self._hash.hexdigest()):
                    raise self._wrong("the lines before it are not those that were written")
                self._end = row
            case _:
                pass

    def _require_chat(self, chat_id: str) -> None:
        if chat_id not in self._chats:
            raise self._wrong("it belongs to a chat that was not told of")

    def _wrong(self, why: str) -> BadExport:
        return BadExport(f"Line {self._lines:,} of data.ndjson: {why}.")
