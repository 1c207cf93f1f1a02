"""Each question is answered once, whatever is cut, killed or started twice."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.assistant.gate import gate
from tests.assistant.model_made import FakeModel, Handler, saying
from tests.assistant.running import Assistant, answers, assistant, settled
from tests.e2e.people import Person
from tests.e2e.stack import Stack
from tests.waiting import wait_for


@pytest.mark.parametrize("lost", ["requests", "answers"])
def test_one_that_is_killed_while_it_posts_answers_once(
    helper: Assistant, bob: Person, model: FakeModel, lost: str
) -> None:
    words = f"killed, {lost} lost"
    model.scripts[words] = [saying("the first answer"), saying("the second answer")]
    with gate(bob.stack.url) as between:
        between.hold = lost
        helper.server = between.url
        helper.start_listening()
        sent = bob.send(words)
        assert between.held.wait(60)
        helper.kill()
    helper.server = bob.stack.url
    helper.start()
    assert settled(bob, sent)["status"] == "read"
    expected = "the second answer" if lost == "requests" else "the first answer"
    assert answers(bob, sent["chat_id"]) == [expected]
    assert helper.stop() == 0


def test_two_of_them_answer_once(helper: Assistant, bob: Person, model: FakeModel, tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def together(handler: Handler) -> None:
        both.wait(60)
        saying(f"number {len(model.asked)}")(handler)

    model.scripts["who is first?"] = [together, together]
    with assistant(tmp_path / "other", bob, model.url) as other:
        helper.start_listening()
        other.start_listening()
        sent = bob.send("who is first?")
        assert settled(bob, sent)["status"] == "read"
        last = bob.send("and now?", chat_id=sent["chat_id"])
        settled(bob, last)
        assert (helper.stop(), other.stop()) == (0, 0)
    assert len(model.prompts("who is first?")) == 2
    assert len(answers(bob, sent["chat_id"])) == 2


def test_what_was_asked_while_it_was_down_is_answered_and_what_was_asked_before_is_not(
    helper: Assistant, bob: Person, model: FakeModel
) -> None:
    older, early = bob.send("long before its time"), bob.send("before its time")
    helper.start_listening()
    assert helper.stop() == 0
    assert helper.state.stat().st_mode & 0o777 == 0o600
    meanwhile = bob.send("while it was down")
    assert int(helper.state.read_text()) < meanwhile["position"]
    helper.start()
    settled(bob, meanwhile)
    assert answers(bob, early["chat_id"]) == []
    wait_for(lambda: int(helper.state.read_text()) >= meanwhile["position"], "the position to follow", 10)
    assert helper.stop() == 0

    helper.start("--since", early["created_at"])
    settled(bob, early)
    assert helper.stop() == 0
    assert answers(bob, older["chat_id"]) == []
    assert answers(bob, early["chat_id"]) == ["Re: before its time"]
    assert answers(bob, meanwhile["chat_id"]) == ["Re: while it was down"]
    assert len(model.prompts("while it was down")) == 1


def test_a_stream_that_is_cut_is_taken_up_where_it_was(helper: Assistant, bob: Person) -> None:
    with gate(bob.stack.url) as between:
        helper.server = between.url
        helper.start_listening()
        chat_id = bob.chat()
        asked = []
        for number in range(5):
            between.cut()
            asked.append(bob.send(f"question {number}", chat_id=chat_id))
        for sent in asked:
            assert settled(bob, sent)["status"] == "read"
        assert helper.stop() == 0
    assert answers(bob, chat_id) == [f"Re: question {number}" for number in range(5)]


def test_a_server_that_dies_while_the_model_thinks_gets_the_answer_when_it_is_back(
    helper: Assistant, bob: Person, model: FakeModel, stack: Stack
) -> None:
    asked, dead = threading.Event(), threading.Event()

    def slowly(handler: Handler) -> None:
        asked.set()
        dead.wait(90)
        saying("worth waiting for")(handler)

    model.scripts["are you there?"] = [slowly]
    helper.start_listening()
    sent = bob.send("are you there?")
    assert asked.wait(60)
    stack.kill("master")
    dead.set()
    stack.wait_ready()
    assert settled(bob, sent)["status"] == "read"
    assert answers(bob, sent["chat_id"]) == ["worth waiting for"]
    later = bob.send("and now?", chat_id=sent["chat_id"])
    assert settled(bob, later)["status"] == "read"
    assert "the stream ended" in helper.log
    assert helper.stop() == 0
    assert len(model.prompts("are you there?")) == 1
