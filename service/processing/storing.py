"""The upload job: spool → blob, blob key and FileStored. Done twice, or cut off anywhere, it ends in the same
state.

Blob, blob key and event must belong together: a download opens the blob with that key and checks it against
that event. Everything from reading the file's state to the event's outcome happens under an flock on the
spool, so two jobs for one file never interleave, and a job that holds the lock and reads `processing` knows
that no FileStored is in the log or under way. Crash points:

- before the rename: a `.part` without a lock, which the sweeper removes; the job done again starts anew;
- after the rename, or after the key: blob, or blob and key, without an event. Nobody reads them, since the
  state is still `processing`; the job done again replaces the blob, then the key, and names both in its event;
  content that the person has stored before comes with a key to that blob, and nothing is written but the event
  (service/processing/sharing.py);
- after the event: blob, key and event match and are never touched again. Spool key and spool are left for the
  analysis (service/processing/analysing.py), and go with it; where there is nothing to analyse, at once.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Final

import msgspec

from domain import file
from domain.events import FileEvent, FileUploaded
from eventstore.errors import LogFull, VersionConflict
from eventstore.log import Log
from eventstore.record import Append, Appended
from eventstore.writer import LogWriter
from service.house.advance import Advance
from service.house.facts import Sealing, fold, to_fact, to_records
from service.house.forgetting import drop_blob, forget_file
from service.house.house import House
from service.house.room import free_bytes
from service.machine.layout import make_folder
from service.machine.metrics import STORED_BYTES, STORED_FILES
from service.media.types import SNIFF_BYTES, media_type
from service.processing.findings import analysable
from service.processing.sharing import vouched_blob
from vault.blobs import SCHEME, BlobWriter, blob_associated_data, create_blob
from vault.durable import open_locked
from vault.errors import KeyringFull, SpoolBroken
from vault.hpke import seal_to
from vault.keyring import BlobKeyRow
from vault.keys import FindingKeys, blob_key_binding, commitment, new_key, new_salt, unwrap_for_server
from vault.spool import SpoolReader

MAX_TRIES: Final = 5
_DISK_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT)


class SpoolMissing(Exception):
    """A file is to be stored whose spool, or the key of it, is not there."""


class Done(Enum):
    """How a job ended that did not fail."""

    STORED = auto()
    STORED_TO_ANALYSE = auto()  # Sound or a picture: the spool is kept for that job.
    NOTHING_TO_DO = auto()  # Stored, failed or deleted already.
    ELSEWHERE = auto()  # Another worker is at it; should that one die, the file is sent again.
    FORGOTTEN = auto()  # Deleted while it was being stored.
    STOPPED = auto()  # The process is ending; the file is sent again.


class LoadedFile(msgspec.Struct, frozen=True):
    """A file's stream, folded. `version`: events so far; `uploaded`: its first one."""

    file_id: str
    user: str
    version: int
    uploaded: FileUploaded
    state: file.State


class _Content(msgspec.Struct, frozen=True):
    """What reading a spool to its end has shown."""

    mime_type: str
    sha256: bytes


class _Blob(msgspec.Struct, frozen=True):
    """A blob in place, and what its event will say. No repr: it holds keys.

    `key`: of a blob of the file's own; None: it is shared, and the keyring has the file's row for it already."""

    key: bytes | None
    finding: FindingKeys
    salt: bytes
    ciphertext_bytes: int
    ciphertext_sha256: bytes
    iv: bytes
    content: _Content

    def __repr__(self) -> str:
        return "_Blob(…)"


class _Stopped(Exception):
    pass


def load_file(log: Log, file_id: str) -> LoadedFile | None:
    """None for a file that the log does not know."""
    facts = [to_fact(record) for record in log.read_stream(f"file-{file_id}")]
    if not facts or not isinstance(facts[0].event, FileUploaded):
        return None
    state = fold(file.evolve, file.State(), FileEvent, (fact.event for fact in facts))
    return LoadedFile(file_id, facts[0].user, len(facts), facts[0].event, state)


def store(house: House, log: Log, file_id: str, stopping: Callable[[], bool] = lambda: False) -> Done:
    """SpoolMissing, SpoolBroken, OSError, KeyringFull, LogError: nothing was stored, try again.

    `stopping` is asked once per MiB.
    """
    with claimed(house.layout.spool_file(file_id)) as claim:
        if claim is Claim.OTHERS:
            return Done.ELSEWHERE
        loaded = load_file(log, file_id)
        if loaded is None or loaded.state.status != "processing":
            return Done.NOTHING_TO_DO
        if claim is Claim.NO_FILE:
            raise SpoolMissing
        try:
            blob = _find_shared(house, log, loaded, stopping) or _write_blob(house, loaded, stopping)
        except _Stopped:
            return Done.STOPPED
        if blob is None or not _keep_key(house, loaded, blob):
            forget_file(house, file_id)
            return Done.FORGOTTEN
        if not _record(house, log, loaded, blob):
            return Done.FORGOTTEN
        if analysable(blob.content.mime_type) is not None:
            return Done.STORED_TO_ANALYSE
        drop_spool(house, file_id)
        return Done.STORED


def fail(house: House, log: Log, file_id: str, code: str) -> bool:
    """Appends FileFailed; spool and spool key stay, for a retry. False: nothing to say any more, or another
    worker is storing the file and will tell itself."""
    with claimed(house.layout.spool_file(file_id)) as claim:
        if claim is Claim.OTHERS:
            return False
        for _ in range(MAX_TRIES):
            loaded = load_file(log, file_id)
            events = () if loaded is None else file.decide(file.FailFile(code), loaded.state)
            if loaded is None or not events:
                return False
            records = to_records(loaded.user, f"file-{file_id}", loaded.version, events)
            try:
                append_settled(house.writer, Append(records))
            except VersionConflict:
                continue
            return True
    return False


def failure_code(error: BaseException) -> str:
    """The stable code a person sees when the tries are used up."""
    match error:
        case SpoolMissing():
            return "spool_missing"
        case SpoolBroken():
            return "spool_broken"
        case KeyringFull() | LogFull():
            return "storage_full"
        case OSError(errno=number) if number in _DISK_ERRNOS:
            return "storage_full"
        case _:
            return "processing_failed"


def drop_spool(house: House, file_id: str) -> None:
    """Nobody needs the spool any more: its key first, so that it is noise whatever happens to the file itself."""
    if house.keyring.spool_key(file_id) is not None:
        house.keyring.drop_spool_key(file_id)
    house.layout.spool_file(file_id).unlink(missing_ok=True)


def append_settled(writer: LogWriter, append: Append) -> Appended:
    """Append, and wait until it is known how that ended.

    Without a time limit on purpose: whoever gave up would let go of the file's lock while the append may
    still become durable, and another job could replace the blob that the event is about to name. The writer
    answers every append; if it cannot any more, this process is dead, and the append with it.
    """
    return writer.append(append, timeout_s=None)


# -- the steps -------------------------------------------------------------------------------------------------


class Claim(Enum):
    OURS = auto()
    OTHERS = auto()
    NO_FILE = auto()


@contextmanager
def claimed(path: Path) -> Iterator[Claim]:
    """The spool's own lock. NO_FILE also when a job before us has removed it: the state tells why."""
    try:
        descriptor = open_locked(path)
    except FileNotFoundError:
        yield Claim.NO_FILE
        return
    if descriptor is None:
        yield Claim.OTHERS
        return
    try:
        yield Claim.OURS
    finally:
        os.close(descriptor)


def _spool_key(house: House, loaded: LoadedFile) -> bytes | None:
    """None: the file is being forgotten. SpoolMissing: only this key of it is gone."""
    stream = f"file-{loaded.file_id}"
    wrapped = house.keyring.spool_key(loaded.file_id)
    if wrapped is None:
        if house.keyring.stream_key(stream, loaded.user) is None:
            return None
        raise SpoolMissing
    return unwrap_for_server(house.server.purpose("spool"), wrapped, loaded.user, stream, "spool")


def _read_spool(
    house: House, loaded: LoadedFile, key: bytes, stopping: Callable[[], bool], take: Callable[[bytes], object]
) -> _Content:
    """Every piece to `take`. SpoolBroken, at its end at the latest, unless it is what was acknowledged."""
    file_id = loaded.file_id
    head = bytearray()
    with (
        SpoolReader(house.layout.spool_file(file_id), key, file_id) as spool,
        Advance(house.layout, file_id, loaded.uploaded.size_bytes) as advance,
    ):
        if spool.summary.size_bytes != loaded.uploaded.size_bytes:
            raise SpoolBroken
        for piece in spool:
            if stopping():
                raise _Stopped
            if len(head) < SNIFF_BYTES:
                head += piece[: SNIFF_BYTES - len(head)]
            take(piece)
            advance.add(len(piece))
        return _Content(media_type(bytes(head), loaded.uploaded.kind), spool.summary.sha256)


def _find_shared(house: House, log: Log, loaded: LoadedFile, stopping: Callable[[], bool]) -> _Blob | None:
    """The blob of an earlier file with the same content, as sound as on its first day. None: the file needs its own."""
    file_id, user = loaded.file_id, loaded.user
    row, wrapped = house.keyring.blob_key(file_id, user), house.keyring.finding_key(file_id)
    spool_key = _spool_key(house, loaded)
    if row is None or row.blob_id == file_id or wrapped is None or spool_key is None:
        return None

    def look_up(_: int) -> None:
        if stopping():
            raise _Stopped

    found = vouched_blob(house, log, row, look_up)
    if found is None or found.size_bytes != loaded.uploaded.size_bytes:
        return None
    content = _read_spool(house, loaded, spool_key, stopping, lambda _: None)
    finding = FindingKeys.unwrap(house.server.purpose("spool"), wrapped, user, file_id)
    return _Blob(None, finding, row.salt, found.ciphertext_bytes, found.ciphertext_sha256, found.nonce_prefix, content)


def _write_blob(house: House, loaded: LoadedFile, stopping: Callable[[], bool]) -> _Blob | None:
    """The file's own blob under its final name, durable. None: the file is being forgotten, its spool key is gone."""
    spool_key = _spool_key(house, loaded)
    if spool_key is None:
        return None
    require_room(house, loaded.uploaded.size_bytes)
    key, salt = new_key(), new_salt()
    path = house.layout.blob_file(loaded.file_id)
    make_folder(path.parent)
    with create_blob(path) as pending:
        writer = BlobWriter(pending, key, blob_associated_data(loaded.user, loaded.file_id))
        content = _read_spool(house, loaded, spool_key, stopping, writer.write)
        sealed = writer.finish()
        pending.commit()
    return _Blob(
        key,
        FindingKeys.of_blob(key, salt),
        salt,
        sealed.ciphertext_bytes,
        sealed.ciphertext_sha256,
        writer.nonce_prefix,
        content,
    )


def require_room(house: House, size_bytes: int) -> None:
    """OSError(ENOSPC) if the blob would eat into the reserve: the log and the keyring need it to stay writable."""
    if free_bytes(house) < size_bytes + house.settings.reserve_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _keep_key(house: House, loaded: LoadedFile, blob: _Blob) -> bool:
    """False: the file or the account is forgotten meanwhile."""
    file_id, user = loaded.file_id, loaded.user
    if blob.key is None:
        return True
    account, before = house.keyring.account(user), house.keyring.blob_key(file_id, user)
    if account is None:
        return False
    sealed = seal_to(account.public_key, blob.key, blob_key_binding(user, file_id))
    finding = blob.finding.wrap(house.server.purpose("spool"), user, file_id)
    kept = house.keyring.put_blob_key(BlobKeyRow(file_id, user, file_id, blob.salt, sealed), finding)
    if kept and before is not None and not house.keyring.blob_in_use(before.blob_id):
        drop_blob(house, before.blob_id)  # It could not be shared after all, and this row was its last.
    return kept


def _record(house: House, log: Log, loaded: LoadedFile, blob: _Blob) -> bool:
    """FileStored. False: deleted or failed meanwhile; a deleted file's blob and key go, a failed one's wait for the
    retry to replace them."""
    file_id = loaded.file_id
    command = file.StoreFile(
        scheme=SCHEME,
        size_bytes=loaded.uploaded.size_bytes,
        ciphertext_bytes=blob.ciphertext_bytes,
        commitment=commitment(blob.salt, blob.ciphertext_sha256),
        mime_type=blob.content.mime_type,
        sha256=blob.content.sha256.hex(),
        iv=blob.iv.hex(),
    )
    sealing = Sealing(f"blob-{file_id}", blob.finding.details)
    current: LoadedFile | None = loaded
    for _ in range(MAX_TRIES):
        events = () if current is None else file.decide(command, current.state)
        if current is None or not events:
            if current is None or current.state.status == "deleted":
                forget_file(house, file_id)
            return False
        records = to_records(current.user, f"file-{file_id}", current.version, events, sealing)
        try:
            append_settled(house.writer, Append(records))
        except VersionConflict:
            current = load_file(log, file_id)
        else:
            house.meter.add(STORED_FILES)
            house.meter.add(STORED_BYTES, loaded.uploaded.size_bytes)
            return True
    raise VersionConflict(f"file-{file_id}", loaded.version, -1)
