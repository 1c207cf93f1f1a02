"""One Strongroom with two processes that answer, for all tests that leave it whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.people import Person, somebody
from tests.e2e.stack import Stack, running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stream")
    with running_stack(folder, api_processes=2, streams_per_user=400, sweep_seconds=1) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture
def ada(stack: Stack) -> Iterator[Person]:
    """Somebody whose history is the test's alone."""
    with somebody(stack) as person:
        yield person


@pytest.fixture
def bob(stack: Stack) -> Iterator[Person]:
    with somebody(stack) as person:
        yield person
