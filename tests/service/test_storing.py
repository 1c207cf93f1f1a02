"""The upload job: done once or often, whole or cut off, it ends in the same state."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.events import FileDeleted, FileStored
from eventstore.record import Append
from service.house.facts import open_event, to_fact, to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.house.keychain import Keychain
from service.processing import storing
from service.processing.storing import Done, SpoolMissing, failure_code, load_file, store
from tests import builders
from tests.builders import Person
from tests.waiting import wait_for
from vault.errors import KeyringFull, SpoolBroken
from vault.keys import commitment

DATA = b"Dear diary, " * 300_000  # 3.6 MB: several frames and segments.
ROOT = Path(__file__).parents[2]
JOB = """
import sys
from service.machine.config import load_settings
from service.house.house import House
from service.processing.storing import store
house = House(load_settings())
print(store(house, house.log, sys.argv[1]).name)
house.close()
"""


def run_job(house: House, file_id: str) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "STRONGROOM_DATA": str(house.layout.data)}
    return subprocess.Popen([sys.executable, "-c", JOB, file_id], env=environment, stdout=subprocess.PIPE)


def stored_events(house: House, file_id: str) -> list[FileStored]:
    facts = [to_fact(record) for record in house.log.read_stream(f"file-{file_id}")]
    return [fact.event for fact in facts if isinstance(fact.event, FileStored)]


def status(house: House, file_id: str) -> str:
    loaded = load_file(house.log, file_id)
    assert loaded is not None
    return loaded.state.status


def assert_stored_well(house: House, ada: Person, file_id: str, data: bytes) -> None:
    """Blob, blob key and event belong together, exactly once, and the spool is gone."""
    assert builders.blob_bytes(house, ada, file_id) == data
    (stored,) = stored_events(house, file_id)
    blob = house.layout.blob_file(file_id)
    row = house.keyring.blob_key(file_id, ada.user)
    assert row is not None
    assert stored.commitment == commitment(row.salt, hashlib.sha256(blob.read_bytes()).digest())
    assert stored.ciphertext_bytes == blob.stat().st_size
    assert not house.layout.spool_file(file_id).exists()
    assert house.keyring.spool_key(file_id) is None


def test_a_file_is_stored_and_its_spool_is_gone(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    assert store(house, house.log, file_id) is Done.STORED
    assert_stored_well(house, ada, file_id, DATA)


def test_what_the_worker_found_is_sealed_for_the_owner(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    store(house, house.log, file_id)
    key = Keychain(house, ada.who).details(file_id)
    assert key is not None
    event = open_event(house.log.read_stream(f"file-{file_id}")[-1], key)
    assert isinstance(event, FileStored)
    assert event.private is not None
    assert event.private.mime_type == "text/plain"
    assert event.private.sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("size_bytes", [0, 1, 1 << 20, (1 << 20) + 1])
def test_files_of_every_size_come_back_whole(house: House, ada: Person, size_bytes: int) -> None:
    data = os.urandom(size_bytes)
    file_id = builders.uploaded_file(house, ada, data)
    assert store(house, house.log, file_id) is Done.STORED
    assert builders.blob_bytes(house, ada, file_id) == data


def test_a_job_that_comes_again_changes_nothing(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    store(house, house.log, file_id)
    before = house.layout.blob_file(file_id).read_bytes()
    assert store(house, house.log, file_id) is Done.NOTHING_TO_DO
    assert house.layout.blob_file(file_id).read_bytes() == before
    assert_stored_well(house, ada, file_id, DATA)


def test_a_job_for_a_file_that_another_worker_stores_steps_back(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    with house.layout.spool_file(file_id).open("rb") as spool:
        fcntl.flock(spool, fcntl.LOCK_EX)
        assert store(house, house.log, file_id) is Done.ELSEWHERE
        assert not storing.fail(house, house.log, file_id, "processing_failed")
    assert status(house, file_id) == "processing"


def test_two_jobs_at_once_leave_one_blob_one_key_one_event(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA * 4)
    jobs = [run_job(house, file_id) for _ in range(2)]
    for job in jobs:
        job.communicate(timeout=60)
        assert job.returncode == 0
    assert_stored_well(house, ada, file_id, DATA * 4)


def parts(house: House) -> list[Path]:
    return list(house.layout.blobs.glob("*/*.part"))


def test_a_job_killed_while_it_writes_is_done_again(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA * 20)
    job = run_job(house, file_id)
    wait_for(lambda: parts(house), "a blob being written")
    job.send_signal(signal.SIGKILL)
    job.communicate()
    assert status(house, file_id) == "processing"
    assert store(house, house.log, file_id) is Done.STORED
    assert_stored_well(house, ada, file_id, DATA * 20)


class _Cut(BaseException):
    """The process ends here: nothing after it runs."""


@pytest.mark.parametrize("step", ["_keep_key", "_record", "append_settled"])
def test_a_job_cut_off_before_any_step_is_done_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)

    def cut(*_: object, **__: object) -> None:
        raise _Cut

    with monkeypatch.context() as patch:
        patch.setattr(storing, step, cut)
        with pytest.raises(_Cut):
            store(house, house.log, file_id)
    store(house, house.log, file_id)
    assert_stored_well(house, ada, file_id, DATA)


def test_a_changed_spool_is_not_stored(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    with house.layout.spool_file(file_id).open("r+b") as spool:
        spool.seek(2_000_000)
        spool.write(b"\0\0\0\0")
    with pytest.raises(SpoolBroken):
        store(house, house.log, file_id)
    assert not house.layout.blob_file(file_id).exists()
    assert parts(house) == []
    assert status(house, file_id) == "processing"


def test_a_blob_that_would_eat_into_the_reserve_is_not_begun(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    enough_bytes = len(DATA) + house.settings.reserve_bytes
    monkeypatch.setattr(storing, "free_bytes", lambda _: enough_bytes - 1)
    with pytest.raises(OSError, match="No space left") as caught:
        store(house, house.log, file_id)
    assert failure_code(caught.value) == "storage_full"
    assert not house.layout.blob_file(file_id).parent.exists()
    assert status(house, file_id) == "processing"
    monkeypatch.setattr(storing, "free_bytes", lambda _: enough_bytes)
    assert store(house, house.log, file_id) is Done.STORED


def test_a_missing_spool_is_said_so(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    house.layout.spool_file(file_id).unlink()
    with pytest.raises(SpoolMissing):
        store(house, house.log, file_id)


def test_a_file_forgotten_before_its_key_was_kept_leaves_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    write_blob = storing._write_blob

    def forgotten_meanwhile(*args: object) -> object:
        written = write_blob(*args)  # type: ignore[arg-type]  # Passed on as they came.
        forget_file(house, file_id)
        return written

    monkeypatch.setattr(storing, "_write_blob", forgotten_meanwhile)
    assert store(house, house.log, file_id) is Done.FORGOTTEN
    assert not house.layout.blob_file(file_id).exists()
    assert house.keyring.blob_key(file_id, ada.user) is None


def test_a_file_deleted_before_its_event_leaves_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    keep_key: Callable[..., bool] = storing._keep_key

    def deleted_meanwhile(*args: object) -> bool:
        kept = keep_key(*args)
        house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 1, (FileDeleted(),))))
        return kept

    monkeypatch.setattr(storing, "_keep_key", deleted_meanwhile)
    assert store(house, house.log, file_id) is Done.FORGOTTEN
    assert not house.layout.blob_file(file_id).exists()
    assert house.keyring.blob_key(file_id, ada.user) is None
    assert status(house, file_id) == "deleted"


def test_a_job_asked_to_stop_leaves_the_file_for_the_next(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    assert store(house, house.log, file_id, stopping=lambda: True) is Done.STOPPED
    assert parts(house) == []
    assert store(house, house.log, file_id) is Done.STORED


def test_a_failed_file_keeps_its_spool_for_the_retry(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, DATA)
    assert storing.fail(house, house.log, file_id, "storage_full")
    assert not storing.fail(house, house.log, file_id, "storage_full")
    assert status(house, file_id) == "error"
    assert house.layout.spool_file(file_id).exists()
    assert house.keyring.spool_key(file_id) is not None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SpoolMissing(), "spool_missing"),
        (SpoolBroken(), "spool_broken"),
        (OSError(28, "No space left on device"), "storage_full"),
        (KeyringFull(), "storage_full"),
        (OSError(5, "Input/output error"), "processing_failed"),
        (RuntimeError(), "processing_failed"),
    ],
)
def test_every_failure_has_a_stable_code(error: BaseException, code: str) -> None:
    assert failure_code(error) == code
