"""One Strongroom for all tests that leave it whole, and two people who live in it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.people import Person, client, somebody
from tests.e2e.stack import Stack, running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Shared: who stops a part of it starts it again."""
    with running_stack(tmp_path_factory.mktemp("shared")) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture(scope="module")  # Few files ask for it, and one that nobody needs looks at its queues all the same.
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Small bounds, to be reached in a test."""
    bounds = {"max_file_bytes": 60_000, "max_files_per_request": 3, "quota_bytes": 100_000}
    with running_stack(tmp_path_factory.mktemp("tight"), api_processes=1, body_timeout_s=2, **bounds) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture(scope="package")
def ada(stack: Stack) -> Iterator[Person]:
    with somebody(stack, "ada") as person:
        yield person


@pytest.fixture(scope="package")
def bob(stack: Stack) -> Iterator[Person]:
    with somebody(stack, "bob") as person:
        yield person


@pytest.fixture
def newcomer(stack: Stack) -> Iterator[Person]:
    """Somebody whose history is the test's alone."""
    with somebody(stack) as person:
        yield person


@pytest.fixture
def nobody(stack: Stack) -> Iterator[httpx.Client]:
    with client(stack) as http:
        yield http
