"""What the caller is told of the machine's own troubles."""

from __future__ import annotations

import pytest

from api.errors import translate
from eventstore.errors import LogBusy, LogClosed, LogCorrupt, LogError, LogFull, LogUnsettled, StreamTooLong
from projections.errors import ProjectionBusy, ProjectionCorrupt, ProjectionError, ProjectionFull
from service.machine.errors import Busy, StorageFull
from vault.errors import AccountGone, KeyringBusy, KeyringFull, SpoolBusy, ThrottleBroken

TROUBLES = [
    LogBusy(), LogClosed(), LogUnsettled(), LogError("?"), ProjectionError("?"), ProjectionBusy(), ProjectionFull(),
    ProjectionCorrupt(), SpoolBusy(), KeyringBusy(), ThrottleBroken(), Busy(), TimeoutError(),
]  # fmt: skip


@pytest.mark.parametrize("error", TROUBLES, ids=repr)
def test_what_will_pass_is_busy_and_says_when_to_come_back(error: Exception) -> None:
    problem = translate(error)
    assert problem is not None
    assert (problem.status, problem.code, problem.headers) == (503, "busy", {"Retry-After": "1"})


@pytest.mark.parametrize("error", [LogFull(), StorageFull(), KeyringFull()], ids=repr)
def test_what_needs_room_is_storage_full(error: Exception) -> None:
    problem = translate(error)
    assert problem is not None
    assert (problem.status, problem.code) == (507, "storage_full")


@pytest.mark.parametrize("error", [LogCorrupt("?"), StreamTooLong("chat-1", 1), ValueError()], ids=repr)
def test_what_nobody_expects_is_a_fault_of_ours(error: Exception) -> None:
    assert translate(error) is None


def test_whoever_is_erased_in_the_middle_of_a_request_is_signed_out() -> None:
    problem = translate(AccountGone())
    assert problem is not None
    assert (problem.status, problem.code) == (401, "bad_credentials")
    assert problem.headers["WWW-Authenticate"].startswith("Bearer")


def test_busy_says_its_own_words() -> None:
    problem = translate(Busy("Too many uploads."))
    assert problem is not None
    assert problem.detail == "Too many uploads."
