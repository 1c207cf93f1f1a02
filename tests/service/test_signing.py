"""Signing: what a checkpoint says, in which order it comes about, and what a crash at each step leaves."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from eventstore.checkpoint import Checkpoint
from eventstore.merkle import EMPTY_ROOT, verify_consistency
from eventstore.note import Algorithm, Note, Signature, SignerKey
from eventstore.witness import Prove
from service.doctor import examine
from service.house.house import House
from service.machine import locks
from service.machine.layout import replace_file
from service.signing import signer as signer_module
from service.signing import signing
from service.signing.signer import Signer
from service.signing.signing import Signing
from service.upkeep.readiness import state
from tests import builders
from tests.service.logs import Asking, files_of, grow, nobody, rows_root, sign, signer_of, verified
from tests.waiting import wait_for

WITNESS = SignerKey("witness.example", bytes(range(32)), Algorithm.COSIGNATURE_V1)


def test_a_new_log_is_signed_before_it_has_an_event(house: House) -> None:
    assert sign(house) == verified(house.layout) == verified(house.layout, "signed")
    assert (verified(house.layout).size, verified(house.layout).root) == (0, EMPTY_ROOT)


def test_a_checkpoint_says_how_many_rows_there_are_and_what_they_hash_to(house: House) -> None:
    for count in (1, 2, 253, 1, 300):
        size = grow(house, count)
        checkpoint = sign(house)
        assert checkpoint == verified(house.layout) == verified(house.layout, "signed")
        assert (checkpoint.size, checkpoint.root) == (size, rows_root(house, size))


def test_full_tiles_lie_on_the_disk_as_soon_as_they_are_signed(house: House) -> None:
    grow(house, 255)
    sign(house)
    assert not (house.layout.log / "tile").exists()
    grow(house, 258)
    sign(house)
    assert (house.layout.log / "tile/0/000").read_bytes() == house.log.read_leaves(0, 256)
    assert (house.layout.log / "tile/0/001").read_bytes() == house.log.read_leaves(256, 256)
    assert not (house.layout.log / "tile/0/002").exists()


def test_a_log_that_was_never_signed_gets_all_its_tiles_at_once(house: House) -> None:
    size = grow(house, 65_536 + 300)
    assert sign(house).root == rows_root(house, size)
    assert sum(1 for path in (house.layout.log / "tile").rglob("*") if path.is_file()) == 257 + 1
    assert len((house.layout.log / "tile/1/000").read_bytes()) == 8_192


def test_nothing_is_written_while_nothing_is_new(house: House) -> None:
    grow(house, 300)
    with closing(signer_of(house)) as signer:
        signer.sign_news()
        before = (house.layout.signed.stat(), house.layout.checkpoint.stat())
        signer.sign_news()
        assert (house.layout.signed.stat(), house.layout.checkpoint.stat()) == before
        grow(house, 1)
        assert signer.sign_news().size == verified(house.layout).size == 301


def test_it_is_signed_durably_before_it_is_told_and_told_before_it_is_published(house: House) -> None:
    grow(house, 300)
    first = sign(house)
    grow(house, 300)
    seen = []

    def cosign(checkpoint: Checkpoint, note: Note, prove: Prove) -> Sequence[Signature]:
        seen.append((verified(house.layout, "signed"), verified(house.layout)))
        verify_consistency(first.size, first.root, checkpoint.size, checkpoint.root, prove(first.size))
        return [WITNESS.sign(note.text, at_s=1)]

    with closing(signer_of(house, Asking(cosign))) as signer:
        newest = signer.sign_news()
    assert seen == [(newest, first)]
    assert b"witness.example" in house.layout.checkpoint.read_bytes()
    assert b"witness.example" not in house.layout.signed.read_bytes()


def test_what_witnesses_said_of_the_newest_checkpoint_outlives_a_restart(house: House) -> None:
    grow(house, 3)
    for at_s in range(1, 40):  # More restarts than a note has room for signatures.
        # mypy gives no type to a lambda with a default.
        sign(house, Asking(lambda _checkpoint, note, _prove, at_s=at_s: [WITNESS.sign(note.text, at_s=at_s)]))  # type: ignore[misc]  # Bound.
    lines = house.layout.checkpoint.read_text().count("— witness.example")
    assert (verified(house.layout).size, lines) == (3, 1)
    sign(house)
    assert house.layout.checkpoint.read_text().count("— witness.example") == 1


class Died(BaseException):
    """The process went away here."""


@pytest.mark.parametrize("step", ["tiles", "signed", "cosign", "checkpoint"])
def test_a_crash_at_any_step_is_gone_on_from(house: House, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    grow(house, 100)
    first = sign(house)
    grow(house, 300)

    with closing(signer_of(house)) as signer, pytest.raises(Died):
        dying(signer, step, monkeypatch)
    assert verified(house.layout) == first  # Nobody was told of anything else.
    signed = verified(house.layout, "signed")
    assert signed.size == (400 if step in ("cosign", "checkpoint") else 100)
    newest = sign(house)
    assert newest == verified(house.layout) == verified(house.layout, "signed")
    assert (newest.size, newest.root) == (400, rows_root(house, 400))
    if signed.size == 400:
        assert newest == signed
    assert (house.layout.log / "tile/0/000").read_bytes() == house.log.read_leaves(0, 256)


def dying(signer: Signer, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs, and is gone in the middle of a step."""

    def die(*_: object) -> list[Signature]:
        raise Died

    def replaced(path: Path, data: bytes) -> None:
        if path.name == step:
            path.with_name(f".{path.name}.draft").write_bytes(data[:20])
            raise Died
        replace_file(path, data)

    with monkeypatch.context() as patched:
        patched.setattr(signer_module, "replace_file", replaced)
        if step == "tiles":
            patched.setattr(signer._tree, "materialise", die)
        if step == "cosign":
            patched.setattr(signer, "_witnesses", Asking(die))
        signer.sign_news()


# -- the thread ----------------------------------------------------------------------------------------------------


def thread_on(house: House, ask: Callable[[Checkpoint, Note, Prove], Sequence[Signature]] = nobody) -> Signing:
    return Signing(house.layout, house.server, "", Asking(ask))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "EVERY_S", 0.02)
    monkeypatch.setattr(signing, "LONGEST_PAUSE_S", 0.05)


def published(house: House) -> int:
    return verified(house.layout).size if house.layout.checkpoint.exists() else -1


def test_a_thread_signs_what_comes_and_at_its_end_what_came_last(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = thread_on(house)
    thread.start()
    wait_for(lambda: published(house) == 0, "the first checkpoint")
    grow(house, 5)
    wait_for(lambda: published(house) == 5, "the next checkpoint")
    monkeypatch.setattr(signing, "EVERY_S", 3_600.0)
    wait_for(lambda: thread._pause_s == 3_600.0, "it to rest for an hour")
    size = grow(house, 7)
    thread.stop()
    assert published(house) == size


@pytest.mark.usefixtures("quick")
def test_one_signs_at_a_time_and_another_takes_over(house: House) -> None:
    first, second = thread_on(house), thread_on(house)
    first.start()
    wait_for(lambda: first._signer is not None, "the first to sign")
    second.start()
    grow(house, 5)
    wait_for(lambda: published(house) == 5, "a checkpoint")
    assert second._signer is None
    first.stop()
    grow(house, 5)
    wait_for(lambda: published(house) == 10, "the second to take over")
    second.stop()


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_told_once_and_tried_again_while_the_log_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(house, 3)
    sign(house)
    tried: list[Path] = []

    def full(path: Path, data: bytes) -> None:
        tried.append(path)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(signer_module, "replace_file", full)
    thread = thread_on(house)
    with structlog.testing.capture_logs() as lines:
        thread.start()
        assert grow(house, 3) == 6
        wait_for(lambda: len(tried) >= 5, "some tries")
        assert published(house) == 3
        assert not house.layout.log_refused.exists()
        monkeypatch.setattr(signer_module, "replace_file", replace_file)
        wait_for(lambda: published(house) == 6, "the checkpoint that there is room for now")
        thread.stop()
    assert [line["event"] for line in lines] == ["log not signed", "log signed again"]
    assert "No space left" in lines[0]["why"]


@pytest.mark.usefixtures("quick")
def test_a_process_that_ends_waits_for_no_witness(house: House) -> None:
    called, go_on = threading.Event(), threading.Event()

    def slow(_checkpoint: Checkpoint, _note: Note, _prove: Prove) -> Sequence[Signature]:
        called.set()
        go_on.wait(20)
        return []

    thread = thread_on(house, slow)
    thread.start()
    assert called.wait(10)
    size = grow(house, 3)
    thread._witnesses.close()
    thread._stopping.set()
    go_on.set()
    called.clear()
    thread.stop()
    assert published(house) == size
    assert not called.is_set()


@pytest.mark.usefixtures("quick")
def test_a_fault_in_asking_witnesses_keeps_no_checkpoint_back(house: House) -> None:
    def faulty(_checkpoint: Checkpoint, _note: Note, _prove: Prove) -> Sequence[Signature]:
        raise LookupError

    thread = thread_on(house, faulty)
    thread.start()
    size = grow(house, 3)
    wait_for(lambda: published(house) == size, "the checkpoint")
    thread.stop()


def test_without_a_signer_lock_to_be_had_a_process_ends_all_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "LAST_LOCK_S", 0.05)
    with closing(House(builders.settings(house.layout.data))) as other:
        first, second = thread_on(house), thread_on(other)
        first.start()
        wait_for(lambda: published(house) == 0, "the first to sign")
        second.start()
        second.stop()
        assert not second._thread.is_alive()
        first.stop()
    assert files_of(house.layout).keys() == {"key", "signing-key", "signed", "checkpoint"}


# -- who signs -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_a_process_that_answers_people_leaves_signing_to_a_worker_and_gives_it_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "TAKE_OVER_S", 0.2)
    api = Signing(house.layout, house.server, "", preferred=False)
    first, second = thread_on(house), thread_on(house)
    first.start()
    api.start()
    grow(house, 5)
    wait_for(lambda: published(house) == 5, "the worker to sign")
    assert api._lock is None
    first.stop()
    grow(house, 5)
    wait_for(lambda: published(house) == 10, "the API to take over")
    second.start()
    wait_for(lambda: second._signer is not None, "the next worker to be given it")
    assert api._lock is None
    second.stop()
    api.stop()


def test_an_api_process_does_not_take_over_at_once(house: House) -> None:
    api = Signing(house.layout, house.server, "", preferred=False)
    assert not api._is_its_turn()
    assert not locks.is_held(house.layout.signer_lock)


@pytest.mark.usefixtures("quick")
def test_a_process_ends_at_once_when_another_signs_what_it_wrote(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "LAST_LOCK_S", 3_600.0)
    first, second = thread_on(house), thread_on(house)
    first.start()
    wait_for(lambda: first._signer is not None, "the first to sign")
    second.start()
    size = grow(house, 5)
    second.stop()
    assert not second._thread.is_alive()
    assert published(house) == size
    first.stop()


@pytest.mark.usefixtures("quick")
def test_signing_that_fails_again_and_again_is_shown_under_its_own_name(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(house, 3)
    tries: list[bool] = []

    def full(_path: Path, _data: bytes) -> None:
        tries.append("log:signing" in state(house).missing)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(signer_module, "replace_file", full)
    thread = thread_on(house)
    thread.start()
    wait_for(lambda: "log:signing" in state(house).missing, "the readiness page to show it")
    assert tries[:2] == [False, False]  # What passes by itself alarms nobody.
    assert "log:history" not in state(house).missing
    (history,) = [found for found in examine(house.settings) if found.what == "history"]
    assert not history.well
    assert "No space left on device" in history.detail
    assert "3 events since" in history.detail
    monkeypatch.setattr(signer_module, "replace_file", replace_file)
    wait_for(lambda: "log:signing" not in state(house).missing, "all to be well again")
    thread.stop()


# -- witnesses that come late --------------------------------------------------------------------------------------


def test_a_witness_that_was_away_has_its_line_in_a_log_that_is_quiet(house: House) -> None:
    grow(house, 3)
    asking = Asking()
    with closing(signer_of(house, asking)) as signer:
        signer.sign_news()
        assert b"witness.example" not in house.layout.checkpoint.read_bytes()
        asking.ask = lambda _checkpoint, note, _prove: [WITNESS.sign(note.text, at_s=1)]
        signer.sign_news()
        assert b"witness.example" not in house.layout.checkpoint.read_bytes()  # Its pause is not over.
        asking.again = True
        assert signer.sign_news().size == 3
        assert b"witness.example" in house.layout.checkpoint.read_bytes()
        assert b"witness.example" not in house.layout.signed.read_bytes()


@pytest.mark.usefixtures("quick")
def test_work_on_tiles_that_takes_too_long_at_a_stop_is_left_to_the_next_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "LAST_WORK_S", 0.0)
    grow(house, 3 * 1_024)
    thread = thread_on(house)
    monkeypatch.setattr(thread, "_is_its_turn", lambda: False)
    thread.start()
    thread.stop()
    assert not thread._thread.is_alive()
    assert published(house) == -1  # Left to the next start, which does it.
    assert sign(house).size == 3 * 1_024
