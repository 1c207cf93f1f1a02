"""Every moment that is taken can be told again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.reading.views import parse_told, rfc3339


@given(st.datetimes(timezones=st.timezones() | st.just(None)).map(lambda at: at.isoformat()))
def test_what_is_taken_can_be_written_and_is_the_same(text: str) -> None:
    try:
        at_us = parse_told(text)
    except ValueError:
        return
    assert parse_told(rfc3339(at_us)) == at_us


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59.999999-23:59",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "2026-01-01T00:00:00",
    ],
)
def test_what_could_not_be_written_is_not_taken(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_told(text)


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_are_taken(text: str) -> None:
    assert rfc3339(parse_told(text)) == text
