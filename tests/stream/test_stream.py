"""One stream by itself: what the clock, a forgotten account, a fault and a reader that stands still do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.errors import BadCredentials
from eventstore.record import Record
from service.desk.desk import Desk
from service.house.advance import Advance
from service.house.house import House
from service.house.principal import Principal, authenticate, encode_token
from service.machine.errors import Busy
from service.processing.storing import store
from service.reading import stream as streaming
from service.reading.stream import Stream
from service.reading.stream_events import event_lines
from tests import builders
from tests.api.asking import Clock
from tests.builders import DAY_US, Person
from tests.service.desks import at_desk

SOON_S = 5.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    with closing(House(builders.settings(tmp_path / "data"), clock)) as house:
        yield house


@pytest.fixture
def ada(house: House) -> Person:
    return builders.person(house, "ada")


def opened(desk: Desk, ada: Person, after: int | None = None) -> Stream:
    token = encode_token(ada.token)
    return Stream(desk.house, desk.live, ada.who, lambda: authenticate(desk.house, token), after)


async def heard(stream: Stream) -> bytes:
    """The next bytes; TimeoutError when nothing comes."""
    return await asyncio.wait_for(anext(stream), SOON_S)


async def waiting(stream: Stream) -> asyncio.Task[bytes]:
    """Somebody who has had what there was, and waits for more."""
    reading = asyncio.create_task(heard(stream))
    for _ in range(5):
        await asyncio.sleep(0)  # Nothing on the way to the wait takes longer.
    assert not reading.done()
    return reading


async def rest(stream: Stream) -> bytes:
    async with asyncio.timeout(SOON_S):
        return b"".join([piece async for piece in stream])


def test_silence_is_broken_by_an_event_that_scripts_see_and_that_moves_no_place(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr("service.desk.live.CLOCK_EVERY_S", 0.02)

    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)
        assert b"event: ready\n" in await heard(stream)
        assert [await heard(stream) for _ in range(3)] == [b"event: heartbeat\ndata: {}\n\n"] * 3

    at_desk(house, story)


def test_a_session_that_expires_ends_the_stream(house: House, ada: Person, clock: Clock) -> None:
    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)
        await heard(stream)
        clock.now_us += DAY_US
        assert await rest(stream) == b'event: end\ndata: {"reason":"expired"}\n\n'

    at_desk(house, story)


def test_an_account_that_is_forgotten_ends_the_stream(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.0)

    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)
        await heard(stream)
        house.keyring.drop_account(ada.user)
        assert b'{"reason":"erased"}' in await rest(stream)

    at_desk(house, story)


def test_nothing_is_told_between_the_end_of_the_key_and_its_event(house: House, ada: Person) -> None:
    """Closing destroys the key first; what is appended before the closing is in the log belongs to nobody signed in."""

    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)
        await heard(stream)
        last = await waiting(stream)
        house.keyring.drop_session(ada.who.session_id, ada.user)
        builders.started_chat(house, ada, "said too late")
        assert await last == b'event: end\ndata: {"reason":"closed"}\n\n'
        assert await rest(stream) == b""

    at_desk(house, story)


def test_a_backlog_is_read_page_by_page_as_it_is_taken(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats = [builders.started_chat(house, ada, f"chat {number}") for number in range(10)]
    monkeypatch.setattr(streaming, "PAGE", 4)
    asked: list[int] = []
    read_user = house.log.read_user

    def ask(user: str, after: int, limit: int, most_bytes: int) -> list[Record]:
        asked.append(after)
        return read_user(user, after, limit, most_bytes)

    async def story(desk: Desk) -> None:
        monkeypatch.setattr(house.log, "read_user", ask)
        stream = opened(desk, ada, 0)
        await heard(stream)
        first = await heard(stream)
        assert first.count(b"\nevent: ") == 4
        assert asked == [0]  # Nothing is read ahead.
        text = first + b"".join([await heard(stream) for _ in range(3)])
        assert [text.count(chat_id.encode()) for chat_id in chats] == [1] * 10
        assert asked == [0, 4, 8, 12]

    at_desk(house, story)


def test_a_fault_ends_the_stream_and_not_the_process(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> None:
        stream = opened(desk, ada, 0)
        await heard(stream)
        monkeypatch.setattr(house.log, "read_user", _broken)
        assert await rest(stream) == b""

    at_desk(house, story)


def test_looking_goes_on_after_a_fault(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.desk.live.LOOK_AGAIN_S", 0.01)
    read_owners = house.log.read_owners

    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)
        await heard(stream)
        more = await waiting(stream)
        failed = asyncio.Event()

        def fail_once(after: int, limit: int) -> list[tuple[int, str]]:
            if failed.is_set():
                return read_owners(after, limit)
            failed.set()
            raise OSError

        monkeypatch.setattr(house.log, "read_owners", fail_once)
        builders.started_chat(house, ada, "heard all the same")
        assert b"heard all the same" in await more
        assert failed.is_set()

    at_desk(house, story)


def test_only_those_are_woken_whom_it_concerns(house: House, ada: Person) -> None:
    bob = builders.person(house, "bob")

    async def story(desk: Desk) -> None:
        adas = opened(desk, ada)
        await heard(adas)
        more = await waiting(adas)
        looked = house.log.data_version()
        builders.started_chat(house, bob, "for bob")
        assert house.log.data_version() != looked
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(more), 0.1)
        builders.started_chat(house, ada, "for ada")
        assert b"for ada" in await more

    with capture_logs() as faults:
        at_desk(house, story)
    assert faults == []


def test_how_far_files_have_come_is_told_to_their_owner_alone(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.desk.live.ADVANCE_EVERY_S", 0.01)
    monkeypatch.setattr("service.house.advance.TELL_EVERY_S", 0.0)
    bob = builders.person(house, "bob")
    bobs = [builders.uploaded_file(house, bob, b"bytes") for _ in range(8)]
    stored, own = (builders.uploaded_file(house, ada, b"bytes") for _ in range(2))
    store(house, house.log, stored)

    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)
        await heard(stream)
        more = await waiting(stream)
        with ExitStack() as told:
            for file_id in (*bobs, stored, own):
                told.enter_context(Advance(house.layout, file_id, 4)).add(1)
            assert await more == event_lines("progress", {"file_id": own, "progress": 0.25})
            assert desk.live.shares(ada.user) == {own: 0.25}

    with capture_logs() as faults:
        at_desk(house, story)
    assert faults == []


def test_a_reader_that_takes_nothing_is_cut_off(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "STALLED_S", 0.05)
    monkeypatch.setattr("service.desk.live.CLOCK_EVERY_S", 0.02)

    async def story(desk: Desk) -> None:
        stream = opened(desk, ada)

        async def read_and_stand_still() -> None:
            async for _ in stream:
                await asyncio.Event().wait()

        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.create_task(read_and_stand_still()), SOON_S)

    at_desk(house, story)


def test_a_client_that_goes_away_leaves_nothing_behind(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        stream, other = opened(desk, ada), opened(desk, ada)
        assert desk.live.count == 2
        await heard(stream)
        reading = asyncio.create_task(rest(stream))
        await asyncio.sleep(0)
        stream.gone()
        assert await reading == b""
        for _ in range(2):
            stream.leave()
        assert desk.live.count == 1
        other.leave()
        assert desk.live.count == 0
        assert not desk.live.looking

    at_desk(house, story)


def test_a_process_that_ends_lets_its_streams_go_and_takes_no_more(house: House, ada: Person) -> None:
    async def story() -> None:
        leaving = asyncio.Event()
        with closing(Desk(house, leaving.is_set)) as desk:
            stream = opened(desk, ada)
            await heard(stream)
            leaving.set()
            assert await rest(stream) == b'event: end\ndata: {"reason":"shutdown"}\n\n'
            with pytest.raises(Busy):
                opened(desk, ada)

    asyncio.run(story())


def test_a_session_that_ended_before_the_first_event_is_told_nothing(house: House, ada: Person) -> None:
    def over() -> Principal:
        raise BadCredentials("over")

    async def story(desk: Desk) -> None:
        stream = Stream(house, desk.live, ada.who, over, 0)
        await heard(stream)
        assert await rest(stream) == b'event: end\ndata: {"reason":"closed"}\n\n'

    at_desk(house, story)


def _broken(*_: object) -> list[object]:
    raise OSError("the disk is gone")
