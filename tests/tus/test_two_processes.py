"""One upload, and two processes that answer: whoever comes last has it, or is told to wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from service.machine.locks import is_held
from tests.e2e.people import problem
from tests.e2e.stack import Stack, another_api
from tests.e2e.wire import Wire, wire
from tests.tus.sender import Sender
from tests.tus.test_faults import DATA, patch_head, require_stored
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def second_api(stack: Stack) -> Iterator[str]:
    """Another API process on the same folder; its URL below /api/v1."""
    with another_api(stack) as url:
        yield f"{url}/api/v1"


def held(stack: Stack, upload_id: str) -> bool:
    """Whether somebody is at the upload."""
    return is_held(stack.data / "run" / "turns" / f"{upload_id}.lock")


@contextmanager
def stalled_at(stack: Stack, ada: Sender, upload_id: str, sent_bytes: int) -> Iterator[Wire]:
    """Somebody who is at the upload, has sent so much of DATA, and sends no more."""
    with wire(stack) as stalled:
        stalled.send(patch_head(ada, upload_id, 0, content_length=len(DATA)) + DATA[:sent_bytes])
        wait_for(lambda: held(stack, upload_id), "the first to be at it")
        yield stalled


def test_who_comes_back_in_another_process_takes_over_within_a_second(
    stack: Stack, ada: Sender, second_api: str
) -> None:
    upload_id = ada.new(len(DATA))
    with stalled_at(stack, ada, upload_id, 1_000_000) as stalled:
        ada.person.http.base_url = httpx.URL(second_api)
        began_s = time.monotonic()
        offset = ada.offset(upload_id)
        assert time.monotonic() - began_s < 1.5
        assert 0 <= offset <= 1_000_000
        answer = ada.patch(upload_id, DATA[offset:], offset)
        assert answer.headers["Strongroom-File-Id"] == upload_id
        stalled.send(DATA[1_000_000:])
        assert stalled.answer().status == 409
        require_stored(ada.person, upload_id, DATA)


def test_behind_a_process_that_does_not_give_way_one_is_told_to_wait(
    stack: Stack, ada: Sender, second_api: str
) -> None:
    upload_id = ada.new(len(DATA))
    with stalled_at(stack, ada, upload_id, 2_000_000):
        ada.person.http.base_url = httpx.URL(second_api)
        with stack.paused("api"):
            answer = ada.head(upload_id)
            assert (answer.status_code, answer.headers["Retry-After"]) == (423, "1")
            problem(ada.patch(upload_id, b"x", 0), 423, "upload_locked")
            problem(ada.end(upload_id), 423, "upload_locked")
        offset = wait_for(lambda: int(ada.head(upload_id).headers.get("Upload-Offset", "-1")) + 1, "the turn") - 1
        assert ada.patch(upload_id, DATA[offset:], offset).headers["Strongroom-File-Id"] == upload_id
