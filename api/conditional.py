"""Conditional requests: what `If-None-Match` and `If-Range` say of an entity tag. RFC 9110 §13.1."""

from __future__ import annotations

import re

# One element of a list of entity tags (§8.8.3), empty ones included (§5.6.1). Possessive: a long header costs its
# length once, whatever is in it.
_ELEMENT = re.compile(r'[ \t]*+((?:W/)?"[!#-~\x80-\xff]*+")?+[ \t]*+(?:,|$)')


def none_match(header: str | None, etag: str) -> bool:
    """True when `If-None-Match` names what `etag` stands for, by weak comparison: the answer is 304. What is no list of
    tags is passed over, which at worst sends again what the caller has."""
    if header is None:
        return False
    if header.strip(" \t") == "*":
        return True
    return _opaque(etag) in {_opaque(tag) for tag in _tags(header)}


def range_holds(if_range: str | None, etag: str) -> bool:
    """True when a `Range` beside this `If-Range` may be served: by strong comparison (§13.1.5), so a weak tag never
    holds. Nor does a date: no answer says when something was changed."""
    return if_range is None or (if_range.strip(" \t") == etag and not etag.startswith("W/"))


def _tags(header: str) -> list[str]:
    """The entity tags of a list; none for what is no such list."""
    tags: list[str] = []
    at = 0
    while at < len(header):
        match = _ELEMENT.match(header, at)
        if match is None:
            return []
        if match.group(1) is not None:
            tags.append(match.group(1))
        at = match.end()
    return tags


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")
