"""The cookie of a device that has signed in before. It is no credential: it opens nothing, whoever brings it, and comes
beside a bearer token or the session's cookie without being one of two."""

from __future__ import annotations

import falcon.asgi

from api.credentials import LONG_AGO
from service.desk.devices import LIFE_S

HOST_COOKIE = "__Host-strongroom-devices"
LOCAL_COOKIE = "strongroom-devices"


def device_cookie(req: falcon.asgi.Request) -> str:
    """What came along, an empty text if nothing did. All cookies of the name: a page of another port can set one that
    comes first, and must not hide the device by that."""
    return ".".join(req.get_cookie_values(_name(req)) or ())


def set_device_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response, tokens: str) -> None:
    """On plain HTTP, too, where the session's is refused: who reads it on its way gets some guesses, and a program with
    a cookie jar is known again."""
    resp.set_cookie(
        _name(req),
        tokens,
        max_age=LIFE_S,
        secure=req.scheme == "https",
        http_only=True,
        same_site="Strict",
        path="/",
    )


def clear_device_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
    """For who erases an account: nothing of it stays behind in the browser. What it held of others is theirs again when
    they sign in."""
    resp.set_cookie(
        _name(req), "", expires=LONG_AGO, secure=req.scheme == "https", http_only=True, same_site="Strict", path="/"
    )


def _name(req: falcon.asgi.Request) -> str:
    return HOST_COOKIE if req.scheme == "https" else LOCAL_COOKIE
