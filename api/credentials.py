"""Bearer tokens for programs, a cookie for the web client, never both; and what a cookie must prove besides."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Final

import falcon
import falcon.asgi

from api.errors import HttpProblem
from domain.errors import BadCredentials
from service.desk.desk import Desk
from service.house.principal import Principal, authenticate, encode_token

HOST_COOKIE = "__Host-strongroom"
LOCAL_COOKIE = "strongroom"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONG_AGO: Final = datetime(1970, 1, 2, tzinfo=UTC)
UNKNOWN: Final = "unknown"
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def identify(desk: Desk, req: falcon.asgi.Request) -> Principal:
    """BadCredentials without a valid token; 400 with two; 403 for a cookie that another site's page sent along."""
    bearer = _bearer(req)
    cookie = _cookie(req)
    if bearer is not None and cookie is not None:
        raise HttpProblem(400, "two_credentials", "Send a token or the cookie, not both.")
    token = bearer if bearer is not None else cookie
    if token is None:
        raise BadCredentials("Sign in first.")
    if bearer is None and req.method not in SAFE_METHODS and not _same_origin(desk, req):
        raise HttpProblem(403, "cross_site", "This request came from another site.")
    who = authenticate(desk.house, token)
    if bearer is None and who.grant is not None:
        raise BadCredentials("A token goes into the `Authorization` header.")  # A cookie is a session's, and no page's.
    return who


def _bearer(req: falcon.asgi.Request) -> str | None:
    header = req.get_header("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise BadCredentials("Use `Authorization: Bearer …`.")
    return token.strip()


def _cookie(req: falcon.asgi.Request) -> str | None:
    name = HOST_COOKIE if req.scheme == "https" else LOCAL_COOKIE
    values = req.get_cookie_values(name)
    return values[0] if values else None


def _same_origin(desk: Desk, req: falcon.asgi.Request) -> bool:
    """Sec-Fetch-Site is set by the browser and cannot be forged by a page; Origin serves older browsers."""
    site = req.get_header("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return req.get_header("Origin") == own_origin(desk, req)


def own_origin(desk: Desk, req: falcon.asgi.Request) -> str:
    """Of the page that belongs to this server, as browsers state it."""
    return desk.house.settings.public_origin or f"{req.scheme}://{req.netloc}"


def own_page(desk: Desk, req: falcon.asgi.Request) -> str | None:
    """The origin that passkeys are for; None if it cannot be told.

    A passkey belongs to a host name, whatever the port: to another server on this host its browser gives answers for
    ours, too, and that one passes them on under any `Host` that it likes. So a port that nobody has set counts only if
    it is the one that this request came in by."""
    if desk.house.settings.public_origin is not None:
        return desk.house.settings.public_origin
    _, port = req.scope.get("server") or ("", None)
    try:
        return own_origin(desk, req) if port is not None and req.port == port else None
    except ValueError:
        return None  # A `Host` whose port is no number.


def set_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response, token: bytes, max_age_s: int) -> None:
    """HttpProblem as `require_cookie_safe`, which whoever writes something first asks beforehand."""
    require_cookie_safe(req)
    secure = req.scheme == "https"
    resp.set_cookie(
        HOST_COOKIE if secure else LOCAL_COOKIE,
        encode_token(token),
        max_age=max_age_s,
        secure=secure,
        http_only=True,
        same_site="Strict",
        path="/",
    )


def require_cookie_safe(req: falcon.asgi.Request) -> None:
    """400 on plain HTTP from another machine: a token must not cross a network in clear."""
    if req.scheme != "https" and not is_local(req.host):
        raise HttpProblem(400, "cookie_needs_https", "Signing in with a browser needs HTTPS, or localhost.")


def clear_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
    """Ends it in the browser; the server has forgotten its token already."""
    secure = req.scheme == "https"
    resp.set_cookie(
        HOST_COOKIE if secure else LOCAL_COOKIE,
        "",
        expires=LONG_AGO,  # Falcon leaves a Max-Age of 0 out.
        secure=secure,
        http_only=True,
        same_site="Strict",
        path="/",
    )


def is_local(host: str) -> bool:
    return host.strip("[]") in LOCAL_HOSTS


def client_address(req: falcon.asgi.Request, trusted: frozenset[str]) -> str:
    """Who is counted: the nearest address that is no trusted proxy; of IPv6 the /64, which is one customer's."""
    address = _nearest(req, trusted)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return UNKNOWN if address is None else str(address)


def client_place(req: falcon.asgi.Request, trusted: frozenset[str]) -> str:
    """Where a sign-in came from, coarse: tells one's home from elsewhere, and no line of one's street. IPv4 /24, IPv6
    /48; "" if the address is none."""
    address = _nearest(req, trusted)
    if address is None:
        return ""
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _nearest(req: falcon.asgi.Request, trusted: frozenset[str]) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """None for what is no address: a socket file, or what a proxy made up. `::ffff:a.b.c.d`, which an IPv4 client is to
    a socket of both kinds, is that IPv4 address: else all of them were one /64."""
    nearest = _read(req.remote_addr)
    if _is_of(trusted, req.remote_addr, nearest):
        for hop in reversed([part.strip() for part in (req.get_header("X-Forwarded-For") or "").split(",")]):
            address = _read(hop)
            if hop and not _is_of(trusted, hop, address):
                return address
    return nearest


def _read(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


def _is_of(trusted: frozenset[str], text: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """As the proxy was written down, or as its address is read."""
    return text in trusted or str(address) in trusted
