"""Keys whose event did not come: swept when they are old, unless somebody takes them over or draws another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vault.keyrings import add_user, opened, wrap
from vault.keyring import Keyring


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    with opened(tmp_path) as keyring:
        yield keyring


def test_a_key_that_is_taken_over_is_young_again_and_is_not_swept(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    for stream in ("chat-a", "chat-b"):
        keyring.add_stream_key(stream, "ann", wrap(), 1)
    keyring.take_over_streams(["chat-a", "chat-c"], "ann", 100)
    assert not keyring.forget_older("chat-a", 100)
    assert keyring.forget_older("chat-b", 100)
    keyring.take_over_streams(["chat-a"], "ann", 50)  # Never older.
    keyring.take_over_streams(["chat-a"], "ben", 200)
    assert not keyring.forget_older("chat-a", 100)
    assert keyring.forget_older("chat-a", 101)


def test_a_message_gets_another_key_once_the_first_is_old(keyring: Keyring) -> None:
    add_user(keyring, "ann")
    keyring.add_stream_key("chat-a", "ann", wrap(), 1)
    first, second = wrap(), wrap()
    assert keyring.add_message_key("m", "a", "ann", first, 50)
    assert not keyring.renew_message_key("m", "a", "ann", second, 50, 90)
    assert not keyring.renew_message_key("m", "another chat", "ann", second, 51, 90)
    assert keyring.stream_key("message-m", "ann") == first
    assert keyring.renew_message_key("m", "a", "ann", second, 51, 90)
    assert keyring.stream_key("message-m", "ann") == second
    assert not keyring.renew_message_key("m", "a", "ann", first, 90, 91)
    assert keyring.still_keyed(["chat-a", "message-m", "chat-b"]) == ["chat-a", "message-m"]
    with keyring._transaction() as write:
        write.execute("DELETE FROM stream_key WHERE stream = 'chat-a'")
    assert keyring.still_keyed(["chat-a"]) == ["chat-a"]  # By its message.
