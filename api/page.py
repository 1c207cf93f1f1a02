"""The built web client: a handful of small files, held in memory; hashed names are immutable.

The build has compressed what can be; nothing is compressed here, and no answer of the API ever is: the length of a
compressed secret beside what an attacker chose tells about the secret (BREACH)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import falcon
import falcon.asgi
import msgspec

from api.conditional import none_match
from api.content_coding import IDENTITY, preferred

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'none'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
IMMUTABLE = "public, max-age=31536000, immutable"
HASHED_FOLDER: Final = "assets"
PAGES: Final[Mapping[str, str]] = {"/": "/index.html", "/admin": "/admin.html"}
UNLISTED: Final = frozenset(("admin.html",))  # The operator's: no cache keeps it, no search engine names it.
CODINGS: Final[Mapping[str, str]] = {"br": ".br", "gzip": ".gz"}  # Ours to choose: the smaller one first.
# Not the machine's own table: with `nosniff`, a script of another type would not run.
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class Coded(msgspec.Struct, frozen=True):
    """One representation of an asset: its bytes as they are sent."""

    data: bytes
    etag: str


class Asset(msgspec.Struct, frozen=True):
    """`codings`: at least `identity`."""

    media_type: str
    cache: str
    listed: bool
    codings: Mapping[str, Coded]

    @property
    def compressed(self) -> list[str]:
        return [coding for coding in CODINGS if coding in self.codings]


class Static:
    """A sink: what no route took. Only files found at start are served, by exact name: no path reaches the disk."""

    def __init__(self, folder: Path) -> None:
        paths = {path for path in folder.rglob("*") if path.is_file()}
        compressed = {path.with_name(path.name + suffix) for path in paths for suffix in CODINGS.values()}
        self._assets = {"/" + path.relative_to(folder).as_posix(): _load(path) for path in paths - compressed}

    async def __call__(self, req: falcon.asgi.Request, resp: falcon.asgi.Response | None, **kwargs: Any) -> None:
        assert resp is not None  # It is None for WebSockets only, which no route takes.
        if req.path.startswith("/api"):
            raise falcon.HTTPNotFound(description="There is no such route.")
        asset = self._assets.get(PAGES.get(req.path, req.path))
        if asset is None:
            raise falcon.HTTPNotFound(description="There is no such page.")
        if req.method not in ("GET", "HEAD"):
            raise falcon.HTTPMethodNotAllowed(["GET", "HEAD"])
        coding = preferred(req.get_header("Accept-Encoding"), asset.compressed)
        coded = asset.codings[coding]
        resp.set_header("ETag", coded.etag)
        resp.set_header("Cache-Control", asset.cache)
        if not asset.listed:
            resp.set_header("X-Robots-Tag", "noindex, nofollow")
        if asset.compressed:
            resp.set_header("Vary", "Accept-Encoding")
        resp.set_header("Content-Security-Policy", CSP)
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        resp.set_header("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
        if none_match(req.get_header("If-None-Match"), coded.etag):
            resp.status = 304
            return
        if coding != IDENTITY:
            resp.set_header("Content-Encoding", coding)
        resp.content_type = asset.media_type
        resp.data = coded.data


def _load(path: Path) -> Asset:
    files = {IDENTITY: path} | {name: path.with_name(path.name + suffix) for name, suffix in CODINGS.items()}
    return Asset(
        media_type=MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
        cache=_cache(path),
        listed=path.name not in UNLISTED,
        codings={name: _coded(file.read_bytes()) for name, file in files.items() if file.is_file()},
    )


def _cache(path: Path) -> str:
    if path.parent.name == HASHED_FOLDER:
        return IMMUTABLE
    return "no-store" if path.name in UNLISTED else "no-cache"


def _coded(data: bytes) -> Coded:
    return Coded(data, f'"{hashlib.sha256(data).hexdigest()[:32]}"')
