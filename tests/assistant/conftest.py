"""One Strongroom and one model for all; one assistant for the tests that leave it running."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.assistant.model_made import FakeModel, fake_model
from tests.assistant.running import QUICK, Assistant, assistant
from tests.e2e.people import Person, done, somebody
from tests.e2e.stack import Stack, running_stack

SYSTEM = "You are terse."


@pytest.fixture(scope="package")
def model() -> Iterator[FakeModel]:
    with fake_model() as made:
        yield made


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, model: FakeModel) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("assistant")
    with running_stack(folder, api_processes=1, transcribe="openai", transcribe_url=model.url) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture(scope="module")
def ada(stack: Stack) -> Iterator[Person]:
    """Whom `aide` answers, with a token that reads and writes."""
    with somebody(stack) as person:
        yield person


@pytest.fixture(scope="module")
def aide(ada: Person, model: FakeModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("aide")
    system = folder / "system.txt"
    system.write_text(SYSTEM + "\n")
    options = (*QUICK, "--system", str(system), "--temperature", "0.5", "--answer-chars", "100")
    form = {"password": ada.password, "name": "aide", "scopes": ["read", "write"]}
    token = done(ada.http.post("/auth/tokens", json=form), 201)["token"]
    with assistant(folder, replace(ada, token=token), model.url, options=options) as made:
        made.start_listening()
        yield made
        assert made.stop() == 0, made.log


@pytest.fixture
def bob(stack: Stack) -> Iterator[Person]:
    """Somebody whose history is the test's alone."""
    with somebody(stack) as person:
        yield person


@pytest.fixture
def helper(bob: Person, model: FakeModel, tmp_path: Path) -> Iterator[Assistant]:
    """Bob's, not started."""
    with assistant(tmp_path / "helper", bob, model.url) as made:
        yield made
