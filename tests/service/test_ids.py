"""Ids are UUIDs of version 7: what is made later sorts later, and nothing of them can be guessed."""

from __future__ import annotations

import time
import uuid

from hypothesis import given
from hypothesis import strategies as st

from service.machine.ids import new_id, now_us, uuid7_from

RANDOM = st.binary(min_size=10, max_size=10)
MILLISECONDS = st.integers(0, 2**48 - 1)


def test_the_example_of_rfc_9562_appendix_a_6() -> None:
    value = int("017F22E279B07CC398C4DC0C0C07398F", 16)
    random = (value & (1 << 80) - 1).to_bytes(10, "big")
    assert uuid7_from(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(MILLISECONDS, RANDOM)
def test_it_is_a_uuid_of_version_7_in_lower_case(unix_ms: int, random: bytes) -> None:
    text = uuid7_from(unix_ms, random)
    parsed = uuid.UUID(text)
    assert (parsed.version, parsed.variant, str(parsed)) == (7, uuid.RFC_4122, text)
    assert parsed.int >> 80 == unix_ms


@given(MILLISECONDS, MILLISECONDS, RANDOM, RANDOM)
def test_what_is_made_later_sorts_later(earlier: int, later: int, left: bytes, right: bytes) -> None:
    if earlier < later:
        assert uuid7_from(earlier, left) < uuid7_from(later, right)


def test_ids_made_at_once_are_all_different() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_the_time_of_an_id_is_now() -> None:
    before_us = now_us()
    made_ms = uuid.UUID(new_id()).int >> 80
    assert before_us // 1_000 <= made_ms <= time.time_ns() // 1_000_000
