"""The list of sessions, and those that nobody came back to."""

from __future__ import annotations

from domain.events import ClientHint, SessionClosed
from service.accounts.accounts import Entry
from service.desk.desk import Desk
from service.entrance import session_list, sessions
from service.house.facts import to_fact
from service.house.house import House
from service.house.principal import authenticate, encode_token
from service.house.seen import SEEN_EVERY_US, due, is_idle, note_use
from service.reading.views import OpenSession, rfc3339
from service.upkeep.sweep import Sweeper
from tests.api.asking import Clock, project
from tests.builders import DAY_US, Person, person
from tests.service.desks import at_desk

HINT = ClientHint("Firefox", "2001:db8:7::/48")


def listed(house: House, owner: Person) -> list[OpenSession]:
    project(house)

    async def story(desk: Desk) -> list[OpenSession]:
        return session_list.listed(desk, owner.who)

    return at_desk(house, story)


def signed_in(house: House, owner: Person) -> Entry:
    return at_desk(house, lambda desk: sessions.login(desk, owner.username, owner.password, HINT, None))


def test_each_session_says_with_what_and_from_where_it_was_opened(house: House, ada: Person) -> None:
    entry = signed_in(house, ada)
    first, second = listed(house, ada)
    assert (first.current, second.current) == (True, False)
    assert (second.client, second.place) == (HINT.client, HINT.place)
    assert second.last_seen_at == second.created_at
    assert second.expires_at == rfc3339(entry.expires_at_us)


def test_what_was_closed_a_moment_ago_is_not_listed(house: House, ada: Person) -> None:
    entry = signed_in(house, ada)
    who = authenticate(house, encode_token(entry.token))
    project(house)
    house.keyring.drop_session(who.session_id, ada.user)
    assert [one.id for one in listed(house, ada)] == [ada.who.session_id]


def test_a_use_is_noted_once_an_hour_and_never_backwards(house: House) -> None:
    clock = Clock()
    house.clock_us = clock
    ada = person(house, "ada")
    (row,) = house.keyring.sessions_of(ada.user, 1)
    assert not due(row, row.created_at_us + SEEN_EVERY_US - 1)
    assert due(row, row.created_at_us + SEEN_EVERY_US)

    later = row.created_at_us + 2 * SEEN_EVERY_US
    note_use(house, row.session_id, later)
    note_use(house, row.session_id, later - 1)
    (row,) = house.keyring.sessions_of(ada.user, 1)
    assert row.seen_at_us == later
    assert not due(row, later + 1)
    (shown,) = listed(house, ada)
    assert shown.last_seen_at == rfc3339(later)


def test_a_session_that_is_left_alone_ends_by_itself_and_one_that_is_used_does_not(house: House) -> None:
    clock = Clock()
    house.clock_us = clock
    ada, bob = person(house, "ada"), person(house, "bob")
    for who in (ada, bob):  # Theirs would otherwise expire before they are idle.
        with house.keyring._transaction() as write:
            write.execute("UPDATE session SET expires_at_us = ? WHERE user_id = ?", (1 << 62, who.user))
    clock.now_us += house.settings.session_idle_days * DAY_US
    note_use(house, bob.who.session_id, clock.now_us)
    (row,) = house.keyring.sessions_of(ada.user, 1)
    assert not is_idle(house.settings, row, clock.now_us)
    assert Sweeper().sweep(house, house.log, 0) is not None
    assert house.keyring.has_session(ada.who.session_id)

    clock.now_us += SEEN_EVERY_US + 1
    assert is_idle(house.settings, row, clock.now_us)
    swept = Sweeper().sweep(house, house.log, 0)
    assert swept is not None
    assert swept.sessions == 1
    assert not house.keyring.has_session(ada.who.session_id)
    assert house.keyring.has_session(bob.who.session_id)
    closed = to_fact(house.log.read_stream(f"session-{ada.who.session_id}")[-1]).event
    assert closed == SessionClosed(reason="idle")


def test_an_idle_session_is_not_listed_before_it_is_swept(house: House) -> None:
    clock = Clock()
    house.clock_us = clock
    ada = person(house, "ada")
    clock.now_us += house.settings.session_idle_days * DAY_US + SEEN_EVERY_US + 1
    project(house)
    assert listed(house, ada) == []
