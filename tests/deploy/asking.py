"""Ways to ask a proxy: as a program does, and with bytes that no program would send."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import httpx

from tests.deploy.proxies import NAME, Proxy

WAIT_S: Final = 10.0
MOST_LINES: Final = 64


def trusting(proxy: Proxy) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(proxy.certificate))


def through(proxy: Proxy, path: str = "/api/v1") -> httpx.Client:
    return httpx.Client(base_url=f"{proxy.ports.origin}{path}", verify=trusting(proxy), timeout=30.0, trust_env=False)


def said_to(target: str, port: int, tls: ssl.SSLContext | None = None) -> int | None:
    """The status with which Strongroom answers a GET with this target, byte for byte; None when it is not Strongroom
    that answers, or nobody: what it says has an `X-Request-Id`."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as plain:
        connection = plain if tls is None else tls.wrap_socket(plain, server_hostname=NAME)
        with connection, connection.makefile("rb") as answer:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode("latin-1"))
            status, *fields = list(iter(answer.readline, b""))[:MOST_LINES] or [b""]
    strongroom = any(line.lower().startswith(b"x-request-id:") for line in fields)
    return int(status.split()[1]) if strongroom else None
