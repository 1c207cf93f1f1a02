"""What is deleted is named until nothing is left of it that could be destroyed."""

from __future__ import annotations

import pytest

from domain.events import (
    ChatDeleted,
    ChatErased,
    ChatStarted,
    ErasureRequested,
    FileDeleted,
    FileErased,
    FileUploaded,
)
from projections.queries import Reader
from projections.runner import Projector
from tests.projections.history import History


@pytest.fixture
def history() -> History:
    return History()


def test_a_deleted_file_is_gone(history: History, projector: Projector, reader: Reader) -> None:
    history.add("file-f1", FileUploaded(kind="file", size_bytes=5, chat="c1"))
    history.add("file-f1", FileDeleted())
    projector.apply(history.facts)
    assert reader.file("ann", "f1") is None


def test_what_is_deleted_is_named_until_nothing_is_left_of_it(
    history: History, projector: Projector, reader: Reader
) -> None:
    history.add("chat-c1", ChatStarted())
    history.add("file-f1", FileUploaded(kind="file", size_bytes=5, chat="c1"))
    history.add("file-f2", FileUploaded(kind="file", size_bytes=5, chat="c1"))
    history.add("file-f1", FileDeleted())
    history.add("chat-c1", ChatDeleted())
    projector.apply(history.facts)
    assert [(row.stream, row.user_id) for row in reader.unfinished_deletions(0, 10)] == [
        ("file-f1", "ann"),
        ("chat-c1", "ann"),
    ]
    assert [row.stream for row in reader.unfinished_deletions(4, 10)] == ["chat-c1"]
    assert reader.chat_files("ann", "c1") == ["f2", "f1"]
    history.add("file-f1", FileErased())
    history.add("chat-c1", ChatErased())
    projector.apply(history.since(5))
    assert reader.unfinished_deletions(0, 10) == []
    assert reader.chat_files("ann", "c1") == ["f2"]


def test_an_erasure_takes_over_what_was_being_deleted(history: History, projector: Projector, reader: Reader) -> None:
    for name in ("f1", "f2"):
        history.add(f"file-{name}", FileUploaded(kind="file", size_bytes=5))
    history.add("file-f1", FileDeleted())
    history.add("account-ann", ErasureRequested())
    history.add("file-f2", FileDeleted())
    projector.apply(history.facts)
    assert reader.unfinished_deletions(0, 10) == []
