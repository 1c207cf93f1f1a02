"""The built web client: a handful of small files, held in memory; hashed names are immutable."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import Any

import falcon
import falcon.asgi
import msgspec

from api.conditional import none_match

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
IMMUTABLE = "public, max-age=31536000, immutable"


class Asset(msgspec.Struct, frozen=True):
    data: bytes
    media_type: str
    etag: str
    cache: str


class Static:
    """A sink: what no route took. Only files found at start are served, by exact name: no path reaches the disk."""

    def __init__(self, folder: Path) -> None:
        self._assets = {
            "/" + path.relative_to(folder).as_posix(): _load(path) for path in folder.rglob("*") if path.is_file()
        }

    async def __call__(self, req: falcon.asgi.Request, resp: falcon.asgi.Response | None, **kwargs: Any) -> None:
        assert resp is not None  # It is None for WebSockets only, which no route takes.
        if req.path.startswith("/api"):
            raise falcon.HTTPNotFound(description="There is no such route.")
        asset = self._assets.get("/index.html" if req.path == "/" else req.path)
        if asset is None:
            raise falcon.HTTPNotFound(description="There is no such page.")
        if req.method not in ("GET", "HEAD"):
            raise falcon.HTTPMethodNotAllowed(["GET", "HEAD"])
        resp.set_header("ETag", asset.etag)
        resp.set_header("Cache-Control", asset.cache)
        resp.set_header("Content-Security-Policy", CSP)
        resp.set_header("Cross-Origin-Opener-Policy", "same-origin")
        resp.set_header("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
        if none_match(req.get_header("If-None-Match"), asset.etag):
            resp.status = 304
            return
        resp.content_type = asset.media_type
        resp.data = asset.data


def _load(path: Path) -> Asset:
    data = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    hashed = path.parent.name == "assets"
    return Asset(data, media_type, f'"{hashlib.sha256(data).hexdigest()[:32]}"', IMMUTABLE if hashed else "no-cache")
