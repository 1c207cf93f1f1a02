"""`data.ndjson`: what an export says, a line for each thing. Everything else in it is made from these lines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Final, Literal

import msgspec

from domain.events import Transcript
from service.reading.views import FileView, Time
from service.uploads.drafts import Draft

FORMAT: Final = "strongroom-export/1"
DATA: Final = "data.ndjson"
MANIFEST: Final = "manifest.json"
FILES: Final = "files/"
Section = Literal["session", "chat", "message", "file"]
SECTIONS: Final[tuple[tuple[str, Section], ...]] = (
    ("sessions", "session"),
    ("chats", "chat"),
    ("messages", "message"),
    ("files", "file"),
)
_PIECE_BYTES: Final = 256 * 1024
_encode = msgspec.json.encode


class Head(msgspec.Struct, frozen=True):
    """The first line. `position`: what of the log the export has seen."""

    export_id: str
    exported_at: Time
    position: int
    format: str = FORMAT


class Tail(msgspec.Struct, frozen=True):
    """The last line: that nothing was cut off. `sha256`: of all lines before it."""

    lines: int
    sha256: str


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A file as the archive's other parts speak of it. `path`: where its bytes lie; None where they were not to be
    had."""

    name: str
    path: str | None
    mime_type: str
    size_bytes: int
    chat_id: str | None = None


class Lines:
    """Writes lines into a draft, and counts and hashes them."""

    def __init__(self, draft: Draft, head: Head) -> None:
        self._draft = draft
        self._hash = hashlib.sha256()
        self._count = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self.add("export", head)

    def add(self, kind: str, value: Any) -> None:
        """`{"kind":…}` and the fields."""
        self.add_encoded(kind, _encode(value))

    def add_file(self, view: FileView, path: str | None, transcript: Transcript | None) -> None:
        """A file has a kind of its own, which is called `file_kind` here; where its bytes lie, and what was said."""
        data = _encode(view).replace(b'"kind":', b'"file_kind":', 1)
        self.add_encoded("file", data[:-1] + b"," + _encode(_Beside(path, transcript))[1:])

    def add_encoded(self, kind: str, data: bytes) -> None:
        line = b'{"kind":"' + kind.encode() + b'",' + data[1:] + b"\n"
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        self._count += 1

    @property
    def full(self) -> bool:
        """Whether `flush` is due."""
        return self._waiting_bytes >= _PIECE_BYTES

    def flush(self) -> None:
        """Into the draft. Blocks. StorageFull."""
        data = b"".join(self._waiting)
        self._waiting, self._waiting_bytes = [], 0
        self._hash.update(data)
        self._draft.write(data)

    def finish(self) -> None:
        """The last line. Blocks. StorageFull."""
        self.flush()
        self.add("end", Tail(self._count, self._hash.hexdigest()))
        self.flush()
        self._draft.finish()


class _Beside(msgspec.Struct, frozen=True):
    path: str | None
    transcript: Transcript | None


class _InChat(msgspec.Struct, frozen=True):
    """Of any line, what tells whether it may still be sent."""

    chat_id: str | None = None


Gone = Callable[[str], bool]
"""Whether a chat was deleted since the draft was drawn up. Blocks."""
_END: Final = b'{"kind":"end",'
_in_chat = msgspec.json.Decoder(_InChat).decode


def _there(lines: Sequence[bytes], gone: Gone) -> list[bytes]:
    """Those that are not of a chat that is gone."""
    known: dict[str, bool] = {}
    there = []
    for line in lines:
        chat_id = _in_chat(line).chat_id
        if chat_id is not None and chat_id not in known:
            known[chat_id] = gone(chat_id)
        if chat_id is None or not known[chat_id]:
            there.append(line)
    return there


def told(draft: Draft, gone: Gone) -> Generator[bytes, None, None]:
    """`data.ndjson`: the draft without chats deleted by now; its last line is true of what is sent. Blocks."""
    hash_, count = hashlib.sha256(), 0
    for lines in draft.lines():
        there = [line for line in _there(lines, gone) if line and not line.startswith(_END)]
        data = b"".join([line + b"\n" for line in there])
        count += len(there)
        hash_.update(data)
        yield data
    yield _END + _encode(Tail(count, hash_.hexdigest()))[1:] + b"\n"


def of_kind(draft: Draft, kind: str) -> Generator[list[bytes], None, None]:
    """The lines of one kind as JSON objects without their `kind`, some at a time. Blocks."""
    prefix = b'{"kind":"' + kind.encode() + b'",'
    for lines in draft.lines():
        yield [b"{" + line[len(prefix) :] for line in lines if line.startswith(prefix)]


def document(draft: Draft, head: Head, gone: Gone) -> Generator[bytes, None, None]:
    """`data.json`: the same as one JSON object, in the shapes of `GET /user/data`. Blocks."""
    yield _encode(head)[:-1] + b',"user":'
    yield b",".join(_flat(of_kind(draft, "user"))) or b"null"
    for name, kind in SECTIONS:
        yield f',"{name}":['.encode()
        first = True
        for some in of_kind(draft, kind):
            if objects := _there(some, gone):
                listed = b",".join(_own_kind(each) if kind == "file" else each for each in objects)
                yield listed if first else b"," + listed
                first = False
        yield b"]"
    yield b"}\n"


def _own_kind(file: bytes) -> bytes:
    return file.replace(b'"file_kind":', b'"kind":', 1)


def _flat(lists: Iterable[list[bytes]]) -> list[bytes]:
    return [each for some in lists for each in some]
