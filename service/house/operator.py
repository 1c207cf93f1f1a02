"""The operator's token: it opens `/admin` and `/metrics`, and nothing that is a person's.

In the environment, or in `operator.token` in the folder, which is made at the first start: 43 characters of base64url,
256 random bits, so that it cannot be guessed and needs no stretching.
"""

from __future__ import annotations

import base64
import hmac
import os
from typing import Final

from service.house.log_key import read_file
from service.machine.layout import Layout, create_once

TOKEN_BYTES: Final = 32
MOST_BYTES: Final = 1_024
LEAST_CHARS: Final = 32


class OperatorToken:
    """Read once. No repr tells it."""

    __slots__ = ("_token",)

    def __init__(self, layout: Layout, given: str | None) -> None:
        """`given`: from the settings. RuntimeError with the way out when the file holds no token, or cannot be read;
        OSError when it cannot be made."""
        self._token = (given if given is not None else _in_folder(layout)).encode()

    def matches(self, shown: str) -> bool:
        """In constant time, whatever is shown."""
        return hmac.compare_digest(self._token, shown.encode(errors="surrogatepass"))

    def reveal(self) -> str:
        """For its owner's terminal."""
        return self._token.decode()


def _in_folder(layout: Layout) -> str:
    path = layout.operator_token
    if not path.exists():
        create_once(path, base64.urlsafe_b64encode(os.urandom(TOKEN_BYTES)).rstrip(b"=") + b"\n")
    try:
        token = (read_file(path) or b"")[:MOST_BYTES].strip()
    except OSError as error:
        raise RuntimeError(
            f"{path}: {error.strerror}: give it to the user that Strongroom runs as, or move it away, and the next"
            " start draws another"
        ) from error
    if len(token) < LEAST_CHARS or not token.isascii() or not token.decode().isprintable() or b" " in token:
        raise RuntimeError(
            f"{path.name} must hold {LEAST_CHARS} or more visible ASCII characters: move it away, and the next start"
            " draws another"
        )
    return token.decode()
