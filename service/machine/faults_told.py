"""A fault as a log may tell it: where it arose, and of which kind; what it says of itself only where we wrote that.

Messages of others' exceptions quote what they choke on: the value of a field, a line of a body. Ours are fixed words.
"""

from __future__ import annotations

import traceback
from typing import Final

OURS: Final = frozenset({"api", "workers", "service", "eventstore", "vault", "projections", "domain"})
MOST_CAUSES: Final = 5


def plain_traceback(error: BaseException) -> str:
    """The frames, with source lines and never values, of an exception and of what caused it, the newest last."""
    chain = [error]
    while len(chain) < MOST_CAUSES and (before := _before(chain[-1])) is not None and before not in chain:
        chain.append(before)
    return "\n".join(_one(each) for each in reversed(chain))


def plain_error(error: BaseException) -> str:
    """Its kind, and what it says if that is ours to say, or the system's."""
    name = type(error).__qualname__
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}" if error.strerror else name
    if type(error).__module__.partition(".")[0] in OURS:
        return f"{name}: {error}"
    return name


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = f"Traceback (most recent call last):\n{frames}{plain_error(error)}"
    if isinstance(error, BaseExceptionGroup):
        text += "".join(f"\n  | {plain_error(each)}" for each in error.exceptions[:MOST_CAUSES])
    return text


def _before(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)
