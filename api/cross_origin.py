"""Pages of other sites: those that a setting names may use the API with a bearer token, never with the cookie."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import falcon
import falcon.asgi

EXPOSED: Final = (
    "Location", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Content-Disposition",
    "Content-Range", "Idempotency-Replayed", "Strongroom-File-Id", "Strongroom-Position", "Strongroom-Stale",
    "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm", "Upload-Offset",
    "Upload-Length", "Upload-Defer-Length", "Upload-Metadata", "Upload-Concat", "Upload-Expires",
)  # fmt: skip


class CrossOrigin(falcon.CORSMiddleware[falcon.asgi.Request, falcon.asgi.Response]):
    """Below /api only. Credentials are never allowed, so a browser sends no cookie along."""

    def __init__(self, origins: Iterable[str]) -> None:
        super().__init__(allow_origins=origins, expose_headers=EXPOSED)

    async def process_response_async(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: object, req_succeeded: bool
    ) -> None:
        if req.path.startswith("/api"):
            resp.append_header("Vary", "Origin")
            await super().process_response_async(req, resp, resource, req_succeeded)


def other_origins(text: str) -> list[str]:
    """Of the setting."""
    return [origin.strip() for origin in text.split(",") if origin.strip()]
