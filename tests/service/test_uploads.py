"""Uploads: acknowledged with keys, spool and event all there, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from domain.errors import BadCredentials, RequestReused
from eventstore.errors import LogFull
from service.desk.desk import Desk
from service.entrance.sealing_now import seal_now
from service.house.house import House
from service.machine.errors import StorageFull
from service.uploads import uploads
from service.uploads.uploads import Refused, Uploaded
from tests.builders import Person, person, settings
from tests.service.desks import asked, at_desk, failing_appends
from tests.service.receiving import NOWHERE, assert_nothing_left, declared_of, open_files, receive, spooled, upload
from vault.errors import KeyringFull


@pytest.fixture
def small(tmp_path: Path) -> Iterator[House]:
    """A house where each may keep 100 bytes."""
    house = House(settings(tmp_path / "small", quota_bytes=100))
    yield house
    house.close()


# -- well --------------------------------------------------------------------------------------------------------


def test_an_upload_is_acknowledged_with_event_keys_and_spool_in_place(house: House, ada: Person) -> None:
    data = b"Dear diary, " * 200_000
    done, refused = at_desk(house, lambda desk: upload(desk, ada, data))
    (accepted,) = done.files
    assert refused == []
    assert not done.replayed
    assert (accepted.size_bytes, accepted.position) == (len(data), house.log.head())
    event = declared_of(house, ada, accepted.file_id)
    assert event.private is not None
    assert (event.private.name, event.private.sha256) == ("0.txt", hashlib.sha256(data).hexdigest())
    assert spooled(house, ada, accepted.file_id) == data


def test_several_files_are_acknowledged_together_in_their_order(house: House, ada: Person) -> None:
    head = house.log.head()
    done, _ = at_desk(house, lambda desk: upload(desk, ada, b"one", b"", b"three"))
    assert [one.name for one in done.files] == ["0.txt", "1.txt", "2.txt"]
    assert [one.position for one in done.files] == [head + 1, head + 2, head + 3]
    assert len({record.envelope.at_us for record in house.log.read_all(head, 10)}) == 1
    assert spooled(house, ada, done.files[1].file_id) == b""


def test_nothing_readable_lies_in_spool_log_or_keyring(house: House, ada: Person) -> None:
    data = b"a secret that nobody else should read"
    done, _ = at_desk(house, lambda desk: upload(desk, ada, data))
    on_disk = b"".join(path.read_bytes() for path in house.layout.data.rglob("*") if path.is_file())
    for text in (data, data[:12], b"0.txt", hashlib.sha256(data).digest(), hashlib.sha256(data).hexdigest().encode()):
        assert text not in on_disk
    assert done.files[0].file_id.encode() in on_disk  # The search finds what is there.


# -- refused -----------------------------------------------------------------------------------------------------


def test_past_the_quota_the_largest_is_refused_and_the_others_are_taken(small: House) -> None:
    ada = person(small)
    done, refused = at_desk(small, lambda desk: upload(desk, ada, b"x" * 40, b"x" * 60, b"x" * 50))
    assert [one.size_bytes for one in done.files] == [40, 50]
    assert [(one.name, one.code) for one in refused] == [("1.txt", "quota_exceeded")]
    assert len(list(small.layout.spool.iterdir())) == 2
    assert small.keyring.used_bytes(ada.user) == 90


def test_if_nothing_fits_nothing_is_written(small: House) -> None:
    ada = person(small)
    head = small.log.head()
    done, refused = at_desk(small, lambda desk: upload(desk, ada, b"x" * 101, b"x" * 102))
    assert done.files == []
    assert len(refused) == 2
    assert_nothing_left(small, head)


def test_however_many_commit_at_once_the_quota_is_exact(small: House) -> None:
    ada = person(small)

    async def story(desk: Desk) -> int:
        outcomes = await asyncio.gather(*(upload(desk, ada, b"x" * 15) for _ in range(12)))
        return sum(len(done.files) for done, _ in outcomes)

    assert at_desk(small, story) == 6
    assert small.keyring.used_bytes(ada.user) == 90
    assert len(list(small.layout.spool.iterdir())) == 6


# -- faults between the steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [LogFull("full"), RuntimeError("broken")])
def test_if_the_log_refuses_keys_and_spools_are_taken_back(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    head = house.log.head()

    async def story(desk: Desk) -> None:
        failing_appends(desk, monkeypatch, fault)
        with pytest.raises(type(fault)):
            await upload(desk, ada, b"one", b"two")

    at_desk(house, story)
    assert_nothing_left(house, head)


def test_if_the_keyring_is_full_the_spools_are_removed(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = house.log.head()

    def full(*_: object) -> None:
        raise KeyringFull("full")

    monkeypatch.setattr(house.keyring, "add_files", full)
    monkeypatch.setattr(house.keyring, "forget", full)

    async def story(desk: Desk) -> None:
        with pytest.raises(StorageFull):
            await upload(desk, ada, b"one", b"two")

    at_desk(house, story)
    assert_nothing_left(house, head)


def test_a_key_used_for_another_body_leaves_no_spool_and_nothing_open(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        first, _ = await uploads.commit(desk, ada.who, NOWHERE, [await receive(desk, b"data")], asked())
        before = open_files()
        for _ in range(5):
            with pytest.raises(RequestReused):
                await uploads.commit(desk, ada.who, NOWHERE, [await receive(desk, b"other")], asked())
        assert open_files() == before
        assert [path.stem for path in house.layout.spool.iterdir()] == [first.files[0].file_id]

    at_desk(house, story)


@pytest.mark.parametrize("fault", [RuntimeError("broken"), asyncio.CancelledError()])
def test_what_ends_before_the_append_leaves_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise fault

    async def story(desk: Desk) -> None:
        received = [await receive(desk, b"one"), await receive(desk, b"two")]
        with monkeypatch.context() as patched:
            patched.setattr(uploads, "new_stream", fail)
            with pytest.raises(type(fault)):
                await uploads.commit(desk, ada.who, NOWHERE, received, None)
        assert [one.hold.fd for one in received] == [-1, -1]

    head = house.log.head()
    at_desk(house, story)
    assert_nothing_left(house, head)


def test_an_upload_whose_outcome_is_open_keeps_all_and_can_be_acknowledged_later(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(desk: Desk) -> str:
        with monkeypatch.context() as patched:
            failing_appends(desk, patched, TimeoutError, written=True)
            with pytest.raises(TimeoutError):
                await uploads.commit(desk, ada.who, NOWHERE, [await receive(desk, b"data")], asked())
        done, _ = await uploads.commit(desk, ada.who, NOWHERE, [await receive(desk, b"data")], asked())
        assert done.replayed
        return done.files[0].file_id

    file_id = at_desk(house, story)
    assert spooled(house, ada, file_id) == b"data"
    assert len(list(house.layout.spool.iterdir())) == 1


# -- the same upload again ---------------------------------------------------------------------------------------


def test_the_same_upload_again_is_answered_as_the_first_time(house: House, ada: Person) -> None:
    async def again(desk: Desk, *contents: bytes) -> Uploaded:
        received = [await receive(desk, data, f"{number}.txt") for number, data in enumerate(contents)]
        done, refused = await uploads.commit(desk, ada.who, NOWHERE, received, asked())
        assert refused == []
        return done

    async def story(desk: Desk) -> None:
        first = await again(desk, b"one", b"two")
        head = house.log.head()
        await upload(desk, ada, b"one", b"two")  # Another one in between, alike.
        second = await again(desk, b"one", b"two")
        assert second == msgspec.structs.replace(first, replayed=True)
        assert house.log.head() == head + 2
        for other in ((b"one", b"six"), (b"two", b"one"), (b"one",)):
            with pytest.raises(RequestReused):
                await again(desk, *other)

    at_desk(house, story)


def test_the_same_upload_many_times_at_once_is_one(house: House, ada: Person) -> None:
    async def once(desk: Desk) -> Uploaded:
        done, _ = await uploads.commit(desk, ada.who, NOWHERE, [await receive(desk, b"data")], asked())
        return done

    async def story(desk: Desk) -> set[str]:
        return {done.files[0].file_id for done in await asyncio.gather(*(once(desk) for _ in range(6)))}

    (file_id,) = at_desk(house, story)
    assert spooled(house, ada, file_id) == b"data"
    assert [path.stem for path in house.layout.spool.iterdir()] == [file_id]
    assert house.keyring.used_bytes(ada.user) == 4


def test_an_upload_that_was_refused_in_part_is_refused_in_the_same_part_again(small: House) -> None:
    ada = person(small)

    async def once(desk: Desk) -> tuple[Uploaded, list[Refused]]:
        received = [await receive(desk, b"x" * size, f"{size}.txt") for size in (40, 50, 60)]
        return await uploads.commit(desk, ada.who, NOWHERE, received, asked())

    async def story(desk: Desk) -> None:
        first, refused = await once(desk)
        assert [one.name for one in first.files] == ["40.txt", "50.txt"]
        small.settings = msgspec.structs.replace(small.settings, quota_bytes=1_000)
        # The next event in the log would fit the one refused, but belongs to another request.
        await uploads.commit(desk, ada.who, NOWHERE, [await receive(desk, b"x" * 60)], asked("another"))
        again, refused_again = await once(desk)
        assert again == msgspec.structs.replace(first, replayed=True)
        assert refused_again == refused

    at_desk(small, story)


def test_a_received_file_does_not_show_its_key(house: House) -> None:
    received = at_desk(house, lambda desk: receive(desk, b"data"))
    assert repr(received.spool_key) not in repr(received)


def test_whoever_was_shut_out_while_the_bytes_came_is_refused_and_nothing_is_left(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> int:
        received = [await receive(desk, b"the first half, and the other")]
        await seal_now(desk, ada.who)
        head = house.log.head()
        with pytest.raises(BadCredentials):
            await uploads.commit(desk, ada.who, NOWHERE, received, None)
        return head

    assert_nothing_left(house, at_desk(house, story))
