"""How an assistant ends, and what it says then."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from service.assistant.errors import AssistantError, ModelMisconfigured, SessionEnded
from service.assistant.running import run
from service.assistant.settings import Since
from service.commands.cli import app
from tests.assistant.gate import gate
from tests.assistant.made import settings
from tests.assistant.model_made import FakeModel, hangs, plain
from tests.assistant.running import Assistant, answers, question_in
from tests.e2e.people import Person
from tests.e2e.stack import Stack, bare_environment
from tests.waiting import wait_for


def test_a_session_that_is_closed_ends_it_with_one_line(helper: Assistant, bob: Person) -> None:
    helper.token = bob.login()
    helper.start_listening()
    assert bob.http.delete("/auth/sessions").status_code == 204
    assert helper.wait() == 1
    assert helper.log.splitlines()[-1] == "strongroom: the session of the token was closed"


def test_a_token_that_opens_nothing_ends_it(stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(SessionEnded, match=r"^the token is not taken"):
        run(settings("http://127.0.0.1:9", server=stack.url, state=tmp_path / "position"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [401, 404])
def test_a_wrong_key_or_model_ends_it_and_the_question_waits(
    bob: Person, model: FakeModel, tmp_path: Path, status: int
) -> None:
    words = f"with a wrong key ({status})"
    model.scripts[words] = [plain(status)]
    sent = bob.send(words)
    state = tmp_path / "position"
    with pytest.raises(ModelMisconfigured):
        run(settings(model.url, server=bob.stack.url, token=bob.token, state=state, since=Since(0)))
    assert question_in(bob, sent)["status"] == "delivered"
    assert int(state.read_text()) < sent["position"]


def test_told_to_stop_it_leaves_the_model(helper: Assistant, bob: Person, model: FakeModel) -> None:
    model.scripts["take your time"] = [hangs]
    helper.start_listening()
    sent = bob.send("take your time")
    wait_for(lambda: model.prompts("take your time"), "the model to be asked", 60)
    assert helper.stop() == 0
    assert question_in(bob, sent)["status"] == "delivered"
    assert int(helper.state.read_text()) < sent["position"]


def test_told_to_stop_while_it_posts_it_posts(helper: Assistant, bob: Person) -> None:
    with gate(bob.stack.url) as between:
        helper.server = between.url
        helper.start_listening()
        between.hold = "requests"
        sent = bob.send("quickly")
        assert between.held.wait(60)
        assert helper.process is not None
        helper.process.terminate()
        between.passes.set()
        assert helper.wait() == 0
    assert answers(bob, sent["chat_id"]) == ["Re: quickly"]
    assert question_in(bob, sent)["status"] == "read"


@pytest.mark.parametrize(
    ("content", "since", "told"),
    [
        ("nonsense\n", None, "holds no position"),
        ("1000000000000\n", None, "not reached"),
        ("", Since(10**12), "not rea"),
    ],
)
def test_a_position_that_cannot_be_is_told(
    bob: Person, tmp_path: Path, content: str, since: Since | None, told: str
) -> None:
    state = tmp_path / "position"
    state.write_text(content)
    with pytest.raises(AssistantError, match=told):
        run(settings("http://127.0.0.1:9", server=bob.stack.url, token=bob.token, state=state, since=since))
    assert state.read_text() == content


def refused(*words: object, **variables: str) -> str:
    """What is told when nothing is even begun."""
    with patch.dict(os.environ, {**bare_environment(), **variables}, clear=True):
        done = CliRunner().invoke(app, ["assistant", *map(str, words)])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    return done.stderr.removeprefix("strongroom: ")


def test_what_is_wrong_with_its_settings_is_one_line_without_secrets(tmp_path: Path) -> None:
    whole = ("--base-url", "http://127.0.0.1:9/v1", "--model", "m")
    assert refused(*whole) == "no token: set STRONGROOM_ASSISTANT_TOKEN, or name a file with --token-file\n"
    token = tmp_path / "token"
    token.write_text("two words")
    assert refused(*whole, "--token-file", token) == "--token-file holds no token\n"
    assert "No such file" in refused(*whole, "--token-file", tmp_path / "none")
    known = {"STRONGROOM_ASSISTANT_TOKEN": "sr_of_this_test"}
    for bad in (
        "ftp://example.org",
        "https://",
        "https://me:pw@example.org",
        "http://a b",
        "http://x/?q",
        "http://x:y",
    ):
        assert refused(*whole, "--server", bad, **known).startswith("--server is no address"), bad
    assert refused(*whole, "--since", "yesterday", **known).startswith("--since is neither")
    assert refused(*whole, **known, STRONGROOM_ASSISTANT_API_KEY="k\nX-Evil: 1") == (
        "STRONGROOM_ASSISTANT_API_KEY holds no token\n"
    )
    system = tmp_path / "system"
    system.write_bytes(b"x" * 65_537)
    assert "more than 65536 bytes" in refused(*whole, "--system", system, **known)
