"""Bodies that keep coming. A byte now and then would hold what is held for whoever sends, for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

LEAST_BYTES_PER_S: Final = 4_096
LOOK_EVERY_S: Final = 1.0


class TooSlow(Exception):
    """Less came than LEAST_BYTES_PER_S, for longer than may be."""


async def steady(
    source: AsyncIterator[bytes], patience_s: float, look: Callable[[], None]
) -> AsyncGenerator[bytes, None]:
    """The pieces of `source`. TooSlow once it has been waited for longer than `patience_s` in all, which every byte
    that comes makes up for; what is done with a piece meanwhile does not count. `look` is called each second while
    nothing comes, and may raise."""
    loop = asyncio.get_running_loop()
    left_s = patience_s
    while True:
        coming = asyncio.ensure_future(_next(source))
        try:
            while not coming.done():
                began_s = loop.time()
                await asyncio.wait((coming,), timeout=min(LOOK_EVERY_S, left_s))
                left_s -= loop.time() - began_s
                if not coming.done():
                    if left_s <= 0:
                        raise TooSlow
                    look()
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait((coming,))
        data = coming.result()
        if data is None:
            return
        left_s = min(patience_s, left_s + len(data) / LEAST_BYTES_PER_S)
        yield data


async def _next(source: AsyncIterator[bytes]) -> bytes | None:
    return await anext(source, None)
