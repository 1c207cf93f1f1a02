"""A session opens once and closes once, for whatever reason."""

from typing import get_args

import pytest

from domain.errors import Conflict, NotFound
from domain.events import ClientHint, CloseReason, SessionClosed, SessionOpened
from domain.session import CloseSession, OpenSession
from tests.domain.sentences import given

OPEN = OpenSession(expires_at_us=1_000, client="Firefox on Linux")
OPENED = SessionOpened(expires_at_us=1_000, private=ClientHint(client="Firefox on Linux"))
REASONS: tuple[CloseReason, ...] = get_args(CloseReason)


def test_opening_says_until_when_and_from_where() -> None:
    given().when(OPEN).then(OPENED)


def test_a_session_is_opened_only_once() -> None:
    given(OPENED).when(OPEN).then_rejected(Conflict)


def test_a_closed_session_is_not_opened_again() -> None:
    given(OPENED, SessionClosed(reason="logout")).when(OPEN).then_rejected(Conflict)


@pytest.mark.parametrize("reason", REASONS)
def test_an_open_session_closes_with_its_reason(reason: CloseReason) -> None:
    given(OPENED).when(CloseSession(reason)).then(SessionClosed(reason=reason))


@pytest.mark.parametrize("reason", REASONS)
def test_closing_again_says_nothing_whatever_the_reason(reason: CloseReason) -> None:
    given(OPENED, SessionClosed(reason="logout")).when(CloseSession(reason)).then_nothing()


def test_a_session_that_never_was_cannot_be_closed() -> None:
    given().when(CloseSession("logout")).then_rejected(NotFound)
