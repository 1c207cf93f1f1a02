"""A model's endpoint that misbehaves in each of the ways we could think of."""

from __future__ import annotations

import asyncio
import time

import pytest

from service.assistant.errors import ModelMisconfigured
from service.assistant.model import Model, ModelFailed
from service.assistant.settings import AssistantSettings
from tests.assistant import model_made
from tests.assistant.made import settings
from tests.assistant.model_made import Behaviour, FakeModel, plain, saying


def ask(given: AssistantSettings, question: str) -> str:
    async def asking() -> str:
        model = Model(given)
        try:
            return await model.answer([{"role": "user", "content": question}])
        finally:
            await model.close()

    return asyncio.run(asking())


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (model_made.hangs, "model_slow"),
        (model_made.dribbles, "model_slow"),
        (model_made.rubbish, "model_garbled"),
        (model_made.half_a_letter, "model_garbled"),
        (model_made.floods, "model_garbled"),
        (plain(200, b"<html>", Content_Type="text/html"), "model_garbled"),
        (plain(200, b"", Content_Type="text/event-stream", Content_Encoding="gzip"), "model_garbled"),
        (model_made.cut_off, "model_cut_off"),
        (model_made.torn, "model_lost"),
        (model_made.fails_inside, "model_failed"),
        (saying(" \n"), "model_empty"),
        (plain(503), "model_failed"),
        (plain(429), "model_busy"),
    ],
)
def test_each_try_ends_and_says_why(model: FakeModel, behaviour: Behaviour, code: str) -> None:
    words = f"{code} {len(model.scripts)}"
    model.scripts[words] = [behaviour, behaviour]
    began_s = time.monotonic()
    with pytest.raises(ModelFailed, match=f"^{code}$"):
        ask(settings(model.url, tries=2, silence_s=0.3, answer_s=0.4 if code == "model_slow" else 20.0), words)
    assert len(model.prompts(words)) == 2
    assert time.monotonic() - began_s < 30


def test_what_it_refuses_is_not_sent_again(model: FakeModel) -> None:
    model.scripts["refuse me"] = [plain(422)]
    with pytest.raises(ModelFailed, match=r"^model_refused$"):
        ask(settings(model.url, tries=5), "refuse me")
    assert len(model.prompts("refuse me")) == 1


@pytest.mark.parametrize("status", [301, 401, 402, 403, 404, 405])
def test_what_no_question_can_help_is_told_apart(model: FakeModel, status: int) -> None:
    model.scripts["let me in"] = [plain(status, Location="http://127.0.0.1:9/")]
    with pytest.raises(ModelMisconfigured):
        ask(settings(model.url, tries=5), "let me in")


def test_nobody_there(model: FakeModel) -> None:
    with pytest.raises(ModelFailed, match=r"^model_lost$"):
        ask(settings("http://127.0.0.1:9", tries=2), "hello?")


def test_a_busy_model_is_left_alone_for_as_long_as_it_says(model: FakeModel) -> None:
    model.scripts["patience"] = [plain(429, Retry_After="1")]
    assert ask(settings(model.url, tries=2), "patience") == "Re: patience"
    assert model.asked_at_s[-1] - model.asked_at_s[-2] >= 1.0


@pytest.mark.parametrize("parts", [["word "] * 50, ["x" * 99, "x", "x"], ["x" * 1_000]])
def test_an_answer_past_the_bound_is_cut_there(model: FakeModel, parts: list[str]) -> None:
    model.scripts["go on"] = [saying(*parts)]
    told = ask(settings(model.url, answer_chars=100), "go on")
    assert (len(told), told[-1]) == (100, "…")
    assert told[:99] == "".join(parts)[:99]


def test_an_answer_of_just_the_bound_is_whole(model: FakeModel) -> None:
    model.scripts["just so"] = [saying("x" * 60, "y" * 40)]
    assert ask(settings(model.url, answer_chars=100), "just so") == "x" * 60 + "y" * 40


def test_an_end_without_done_is_an_end(model: FakeModel) -> None:
    model.scripts["stop"] = [model_made.without_done]
    assert ask(settings(model.url), "stop") == "enough"
