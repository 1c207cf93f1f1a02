"""What tus says in headers, read and written. tus resumable upload protocol 1.0.0."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final, get_args
from urllib.parse import urlsplit

import falcon
import falcon.asgi
import msgspec

from api.errors import HttpProblem, invalid
from api.names import MAX_NAME_CHARS, is_name
from api.shapes import canonical_id
from domain.events import FileKind
from service.uploads.joining import MAX_PARTS
from service.uploads.pending import Upload
from service.uploads.resuming import Algorithm, Checksum
from service.uploads.upload_words import Words
from vault.pending import Form

VERSION: Final = "1.0.0"
OFFSET_STREAM: Final = "application/offset+octet-stream"
EXTENSIONS: Final = "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination,concatenation"
DIGEST_BYTES: Final = {"sha1": 20, "sha256": 32}
UNNAMED: Final = "upload"
MAX_TYPE_CHARS: Final = 255
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_VISIBLE: Final = re.compile(r"[ -~]*")
_KEY: Final = re.compile(r"[!-+\--~]+")  # Visible ASCII without a comma.
_KINDS: Final[tuple[str, ...]] = get_args(FileKind)


class Wanted(msgspec.Struct, frozen=True):
    """What a POST asks for. `parts`: of a joined upload, in order."""

    form: Form
    size_bytes: int | None
    words: Words
    parts: tuple[str, ...] = ()


def require_version(req: falcon.asgi.Request) -> None:
    """412 for a client that speaks another version, or does not say."""
    if req.get_header("Tus-Resumable") != VERSION:
        raise HttpProblem(
            412, "unsupported_tus_version", f"This speaks tus {VERSION}.", headers={"Tus-Version": VERSION}
        )


def wanted(req: falcon.asgi.Request) -> Wanted:
    """HttpProblem 400 for what is not tus, 422 for metadata that cannot be taken."""
    concat = req.get_header("Upload-Concat")
    header = req.get_header("Upload-Metadata")
    words = _words(header or "", {"Upload-Metadata": header, "Upload-Concat": concat})
    size_bytes = number(req, "Upload-Length")
    deferred = req.get_header("Upload-Defer-Length")
    if deferred not in (None, "1"):
        raise _bad("Upload-Defer-Length", "1")
    if concat is not None and _VISIBLE.fullmatch(concat) is None:
        raise _bad("Upload-Concat", "visible ASCII")
    if concat is not None and concat.startswith("final;"):
        if size_bytes is not None or deferred is not None:
            raise HttpProblem(400, "invalid_request", "The length of a final upload is that of its parts.")
        return Wanted(Form.JOINED, None, words, _parts(concat.removeprefix("final;")))
    if concat not in (None, "partial"):
        raise _bad("Upload-Concat", "partial, or final; and the parts")
    if (size_bytes is None) == (deferred is None):
        raise HttpProblem(400, "invalid_request", "Upload-Length or Upload-Defer-Length: one of the two.")
    return Wanted(Form.WHOLE if concat is None else Form.PART, size_bytes, words)


def number(req: falcon.asgi.Request, name: str) -> int | None:
    """A header's whole number; None if it is not there."""
    text = req.get_header(name)
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise _bad(name, "a whole number")
    return int(text)


def checksum(req: falcon.asgi.Request) -> Checksum | None:
    """HttpProblem 400 for an algorithm that is not announced, or a digest that cannot be one."""
    text = req.get_header("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    digest = _decode(encoded)
    if algorithm not in DIGEST_BYTES:
        raise HttpProblem(400, "invalid_request", f"Upload-Checksum: one of {', '.join(DIGEST_BYTES)}.")
    if digest is None or len(digest) != DIGEST_BYTES[algorithm]:
        raise _bad("Upload-Checksum", f"{algorithm} and the digest in Base64")
    return Checksum(msgspec.convert(algorithm, Algorithm), digest)


def stand(upload: Upload) -> dict[str, str]:
    """Where an upload stands, and what it has become."""
    headers = {"Upload-Offset": str(upload.offset_bytes)}
    if upload.position is None:
        expires_at = datetime.fromtimestamp(upload.expires_at_us // 1_000_000, UTC)
        headers["Upload-Expires"] = falcon.dt_to_http(expires_at)
    else:
        headers["Strongroom-File-Id"] = upload.upload_id
        headers["Strongroom-Position"] = str(upload.position)
    return headers


def description(upload: Upload) -> dict[str, str]:
    """All that HEAD tells: the client's own words as it sent them."""
    told = {"Upload-Defer-Length": "1"} if upload.size_bytes is None else {"Upload-Length": str(upload.size_bytes)}
    return stand(upload) | told | upload.words.headers


def _parts(text: str) -> tuple[str, ...]:
    """Ids of the uploads behind the URLs, which may be whole or paths."""
    found = []
    for url in text.split():
        try:
            folder, _, last = urlsplit(url).path.rpartition("/")
            found.append(canonical_id(last))
        except ValueError:
            raise _bad("Upload-Concat", "URLs of uploads") from None
        if not folder.endswith("/uploads"):
            raise _bad("Upload-Concat", "URLs of uploads")
    if not 1 <= len(set(found)) == len(found) <= MAX_PARTS:
        raise HttpProblem(400, "invalid_request", f"Upload-Concat: 1 to {MAX_PARTS} parts, none of them twice.")
    return tuple(found)


def _words(text: str, headers: dict[str, str | None]) -> Words:
    values = _metadata(text)
    kind = _text(values, "kind") or "file"
    if kind not in _KINDS:
        raise invalid("kind", f"Expected one of: {', '.join(_KINDS)}")
    return Words(
        name=_name(values),
        declared_type=_declared_type(values),
        kind=msgspec.convert(kind, FileKind),
        chat_id=_id(values, "chat_id"),
        message_id=_id(values, "message_id"),
        headers={name: value for name, value in headers.items() if value is not None},
    )


def _metadata(text: str) -> dict[str, bytes]:
    """Pairs of a key and a value in Base64, with commas between. HttpProblem 400 for anything else."""
    values: dict[str, bytes] = {}
    if not text.isprintable() or not text.isascii():
        raise _bad("Upload-Metadata", "visible ASCII")
    for pair in text.split(",") if text.strip() else []:
        key, _, encoded = pair.strip().partition(" ")
        value = _decode(encoded)
        if _KEY.fullmatch(key) is None or value is None or key in values:
            raise _bad("Upload-Metadata", "each key once, with its value in Base64")
        values[key] = value
    return values


def _name(values: dict[str, bytes]) -> str:
    """As of a part of a form: a name is never a path here, so a slash in it is a character like others."""
    name = _text(values, "filename")
    if name is None:
        return UNNAMED
    if not is_name(name):
        raise invalid("filename", f"Expected a printable name of 1 to {MAX_NAME_CHARS} characters")
    return name


def _declared_type(values: dict[str, bytes]) -> str:
    text = _text(values, "filetype") or ""
    if len(text) > MAX_TYPE_CHARS or not text.isprintable():
        raise invalid("filetype", f"Expected a printable type of at most {MAX_TYPE_CHARS} characters")
    return text


def _id(values: dict[str, bytes], key: str) -> str | None:
    text = _text(values, key)
    if text is None:
        return None
    try:
        return canonical_id(text)
    except ValueError:
        raise invalid(key, "Expected a UUID") from None


def _text(values: dict[str, bytes], key: str) -> str | None:
    try:
        return values[key].decode() if key in values else None
    except UnicodeDecodeError:
        raise invalid(key, "Expected text in UTF-8") from None


def _decode(encoded: str) -> bytes | None:
    """RFC 4648 §4; None for what is not."""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _bad(name: str, expected: str) -> HttpProblem:
    return HttpProblem(400, "invalid_request", f"{name}: expected {expected}.")
