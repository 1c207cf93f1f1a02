"""Cut off anywhere and come again: exactly the log's sequence, without a gap or a repeat."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.people import Person, client, somebody
from tests.e2e.stack import Stack
from tests.stream.ears import Ear, listening, log_of

HISTORY = 60
LONG = 240


@pytest.fixture(scope="module")
def historian(stack: Stack) -> Iterator[Person]:
    """Somebody with a long history, and somebody else's lies between."""
    with somebody(stack) as person, somebody(stack) as other:
        chat_id = person.chat("history")
        for number in range(HISTORY):
            person.send(f"message {number}", chat_id=chat_id)
            if number % 3 == 0:
                other.send("somebody else's")
        yield person


@pytest.fixture(scope="module")
def whole(historian: Person) -> list[int]:
    """Its positions. Reading it adds a last chat."""
    return log_of(historian)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.integers(1, HISTORY), min_size=1, max_size=6))
def test_pieces_of_any_length_join(historian: Person, whole: list[int], pieces: list[int]) -> None:
    heard: list[int] = []
    for length in pieces:
        wanted = min(length, len(whole) - len(heard))
        with listening(historian, heard[-1] if heard else 0) as ear:
            heard += [event.position or 0 for event in ear.take(wanted)]
        assert heard == whole[: len(heard)]


def test_what_happens_meanwhile_is_neither_missed_nor_told_twice(ada: Person) -> None:
    """Connections break at random moments, and messages keep coming through both processes."""
    chat_id = ada.chat()
    start = ada.send("the first", chat_id=chat_id)["position"]
    sent: list[int] = []

    def send() -> None:
        with _beside(ada) as sender:
            sent.extend(sender.send(f"message {number}", chat_id=chat_id)["position"] for number in range(LONG))

    sending = threading.Thread(target=send)
    sending.start()
    chance = random.Random(7)
    heard: list[int] = []
    while len(heard) < LONG:
        with listening(ada, heard[-1] if heard else start) as ear:
            for _ in range(chance.randint(1, 40)):
                event = ear.next()
                if event.name == "MessageSent":
                    heard.append(event.position or 0)
                if len(heard) == LONG:
                    break
    sending.join()
    assert heard == sent


def test_ready_is_a_place_to_resume_from(ada: Person) -> None:
    """Whoever loses the connection right after it was made has missed nothing."""
    with listening(ada) as ear:
        ready = ear.next().position
    position = ada.send("between the two connections")["position"]
    with listening(ada, ready) as ear:
        assert ear.until("MessageSent").position == position


def test_a_slow_reader_costs_nobody_else_anything_and_misses_nothing(ada: Person) -> None:
    """Four megabytes: far more than all buffers between the two hold."""
    chat_id = ada.chat()
    words = "x" * 20_000
    with Ear(ada.stack, ada.token, 0, receive_bytes=4_096) as slow, listening(ada) as quick:
        sent = [ada.send(f"{number} {words}", chat_id=chat_id)["position"] for number in range(200)]
        assert [quick.until("MessageSent").position for _ in sent] == sent
        slow.listen()
        assert [slow.until("MessageSent").position for _ in sent] == sent


@contextmanager
def _beside(person: Person) -> Iterator[Person]:
    """The same person with connections of their own, for another thread."""
    with client(person.stack, Authorization=f"Bearer {person.token}") as http:
        yield replace(person, http=http)
