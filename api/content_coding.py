"""Which content coding a client gets: what `Accept-Encoding` says of the codings there are. RFC 9110 §12.5.3."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

IDENTITY: Final = "identity"
_WEIGHT: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_ALIASES: Final[Mapping[str, str]] = {"x-gzip": "gzip"}


def preferred(header: str | None, offered: Sequence[str]) -> str:
    """One of `offered`, which come in our own order of preference, or `identity`.

    Without a header, and where the client takes none of them, it is `identity`: who can read anything can read that.
    """
    if header is None:
        return IDENTITY
    weights = _weights(header)
    others = weights.get("*")
    # Not named and no `*`: not wanted, only identity is, and less than whatever is.
    known = {coding: weights.get(coding, others or 0.0) for coding in offered}
    plain = weights.get(IDENTITY, others)
    best = max(offered, key=lambda coding: known[coding], default=IDENTITY)
    if known.get(best, 0.0) > 0 and (plain is None or known[best] >= plain):
        return best
    return IDENTITY


def _weights(header: str) -> dict[str, float]:
    """coding → weight; what is malformed is left out, as if it had not been named."""
    found: dict[str, float] = {}
    for member in header.split(","):
        coding, *parameters = (part.strip(" \t").lower() for part in member.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            weight = float(value) if name == "q" and _WEIGHT.fullmatch(value) else -1.0
        if coding and weight >= 0:
            found[_ALIASES.get(coding, coding)] = weight
    return found
