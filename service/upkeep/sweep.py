"""Sweeping up what a crash left between two steps: keys without events, events without their consequence,
bytes that nobody names.

Each sweep looks at a bounded slice of accounts, keys, spools and blob folders and goes on from there the next
time, so it costs the same however much there is. It runs beside the API and the workers. What may still be
under way is told from what is abandoned by locks (a spool or blob being written is locked by its writer) and
by age: nobody stays longer between a key and its event than an append may take, which is far below the orphan
age.
"""

from __future__ import annotations

import heapq
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog

from domain.events import ChatDeleted, ChatErased, FileDeleted, FileErased, FileUploaded, MessageSent
from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append, NewRecord, Record
from service.accounts.accounts import fold_account, owed_records
from service.entrance.sessions import close_records
from service.house.advance import being_told, forget_advance
from service.house.facts import to_fact
from service.house.forgetting import delete_files, finish_files, forget_file
from service.house.house import House
from service.machine import locks
from service.management.emails import tell_owed
from service.management.erasing import go_on
from service.processing.storing import load_file
from service.upkeep.idle import close_idle, drop_invitations, drop_spent
from service.upkeep.lost import is_lost, wants_blob, wants_spool
from service.upkeep.older_schemas import drop_older_schemas
from service.upkeep.revived import Revived, drop_all, lags, told_of
from service.upkeep.token_sweep import TokenSweep
from service.upkeep.unfinished import Unfinished
from service.upkeep.waiting import older
from service.uploads.expiring import drop_expired, drop_turns
from vault.blobs import PART_SUFFIX
from vault.durable import is_abandoned, remove_abandoned

ACCOUNTS_PER_SWEEP: Final = 200
ERASURES_PER_SWEEP: Final = 20
KEYS_PER_SWEEP: Final = 2_000
SESSIONS_PER_SWEEP: Final = 1_000
SPOOLS_PER_SWEEP: Final = 2_000
BLOB_FOLDERS_PER_SWEEP: Final = 8
BLOB_FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
ROUNDS: Final = len(BLOB_FOLDERS) // BLOB_FOLDERS_PER_SWEEP
FIRST_SWEEP_S: Final = 2.0
ERASING_S: Final = 1.0
_log = structlog.get_logger("sweep")


class Swept(msgspec.Struct):
    """How many of each were swept."""

    sessions: int = 0
    tokens: int = 0
    revived: int = 0
    accounts: int = 0
    deleted: int = 0
    erased: int = 0
    told: int = 0
    keys: int = 0
    files_deleted: int = 0
    uploads: int = 0
    spools: int = 0
    blobs: int = 0

    def __bool__(self) -> bool:
        return any(msgspec.structs.astuple(self))


class Sweeper:
    """Remembers where the last slice ended. `sweep` may be called with the house of any thread, one at a
    time."""

    def __init__(self) -> None:
        self._account = ""
        self._key = ""
        self._turn = ""
        self._spool = ""
        self._folder = 0
        self._erased = ""
        self._half_erased = ("", 0)
        self._revived = Revived()
        self._tokens = TokenSweep()
        self._unfinished = Unfinished()
        self._warned = False
        self.wrapped = 0  # How often the keys, the longest list, were gone through to their end.

    def sweep(self, house: House, log: Log, orphan_us: int) -> Swept | None:
        """None while another process sweeps. Whatever is raised leaves the rest for the next time."""
        lock = locks.take(house.layout.run / "sweep.lock")
        if lock is None:
            return None
        with lock:
            swept = Swept()
            before_us = house.clock_us() - orphan_us
            _close_expired(house, log, swept)
            swept.revived += self._revived.drop_some(house, log)
            swept.tokens += self._tokens.sweep(house, log, before_us)
            returned = self._sweep_accounts(house, log, before_us, swept)
            swept.uploads += drop_expired(house)
            self._turn = drop_turns(house, self._turn)
            house.keyring.drop_totp_offers(house.clock_us())
            self._sweep_keys(house, log, before_us, swept)
            self._sweep_spools(house, log, before_us, swept)
            self._sweep_blobs(house, log, before_us, swept)
            _sweep_advance(house, log)
            swept.deleted += self._unfinished.finish_some(house, log)
            self._finish_erasures(house, log, returned, swept)
            return swept

    def _sweep_accounts(self, house: House, log: Log, before_us: int, swept: Swept) -> list[str]:
        """Accounts whose registration was cut off; what the log was not told of their keys; open sessions whose key is
        gone. Those that are there though they are to be erased: cut off, or brought back by an older keyring."""
        returned = []
        rows = house.keyring.accounts(self._account, ACCOUNTS_PER_SWEEP)
        self._account = rows[-1].user_id if len(rows) == ACCOUNTS_PER_SWEEP else ""
        for mark in rows:
            user = mark.user_id
            records = log.read_stream(f"account-{user}")
            state = fold_account(records)
            if not state.registered:
                if mark.created_at_us < before_us:
                    house.keyring.drop_account(user)
                    swept.accounts += 1
                continue
            if state.erasing:
                returned.append(user)
                continue
            if lags(house, log, user, records):
                self._warn_of_older(user)
                continue
            _forget_removed(house, user, records)
            swept.told += _tell_keys(house, log, mark.user_id)
            if mark.identity_by_subject is not None:
                swept.told += tell_owed(house, log, user)
            for row in house.reader.sessions(user, house.clock_us()):
                # A key is made before its event, so an event without a key means a closing that was cut off.
                if not house.keyring.has_session(row.session_id):
                    swept.sessions += _close(house, log, row.session_id, expired=False)
        return returned

    def _warn_of_older(self, user: str) -> None:
        """What the log has and the keyring lacks was there before: the log is never told of anything first. Nor is it
        told now that what is missing was removed: nobody could tell any more that the keyring is an older one."""
        if not self._warned:
            _log.error("keyring.db is older than the log: see `strongroom keyring accept`", user_id=user)
            self._warned = True

    def _finish_erasures(self, house: House, log: Log, returned: Sequence[str], swept: Swept) -> None:
        """Last, because it is the longest work of all, and for ERASING_S, one piece at the least. Who cannot be erased
        now keeps nobody waiting: the others have their turn first, and everything else was swept before."""
        until_s = time.monotonic() + ERASING_S
        waiting = house.reader.erasing(self._erased, ERASURES_PER_SWEEP)
        for user in (*returned, *waiting):
            half, after = self._half_erased
            place = after if half == user else 0
            try:
                while (further := go_on(house, log, user, place)) is not None:
                    place = further
                    if time.monotonic() >= until_s:
                        self._half_erased = (user, place)
                        return
                swept.erased += 1
            except Exception as error:  # noqa: BLE001  (whatever it is, it would stop every erasure behind it)
                _log.warning("an erasure is put off", user_id=user, error=type(error).__name__)
            if user not in returned:
                self._erased = user
            if time.monotonic() >= until_s:
                return
        if len(waiting) < ERASURES_PER_SWEEP:
            self._erased = ""

    def _sweep_keys(self, house: House, log: Log, before_us: int, swept: Swept) -> None:
        """Keys of chats and files that no event names, that an event has deleted, or whose account is gone."""
        rows = house.keyring.stream_keys_before(before_us, self._key, KEYS_PER_SWEEP)
        self._key = rows[-1][0] if len(rows) == KEYS_PER_SWEEP else ""
        self.wrapped += not self._key
        deleted_chats: dict[str, bool] = {}
        # An account that was shut, and whose remains nobody came by: the log may know nothing more of it to be done.
        shut = {user for user in {user for _, user in rows} if house.keyring.account(user) is None}
        swept.keys += sum(house.keyring.drop_remains(user) for user in shut if not is_lost(house, log, user))
        for stream, user in rows:
            if user in shut:
                continue
            kind, _, subject = stream.partition("-")
            records = log.read_stream(stream)
            if not records:
                swept.keys += _forget_nameless(house, kind, subject, before_us)
                continue
            # Nothing follows a deletion but that it is done; and what is done is found here again when an older keyring
            # was put back.
            match to_fact(records[-1]).event:
                case ChatDeleted() | ChatErased():
                    house.keyring.forget([stream])
                    swept.keys += 1
                    continue
                case FileDeleted() | FileErased():
                    forget_file(house, subject)
                    finish_files(house, log, [subject])
                    swept.keys += 1
                    continue
                case _:
                    pass
            first = to_fact(records[0]).event
            chat_id = first.chat if isinstance(first, FileUploaded | MessageSent) else None
            if chat_id is None:
                continue
            if chat_id not in deleted_chats:
                deleted_chats[chat_id] = _is_deleted(log, chat_id)
            if not deleted_chats[chat_id]:
                continue
            if kind == "file":
                delete_files(house, log, [subject])
                swept.files_deleted += 1
            else:
                house.keyring.forget([stream])
                swept.keys += 1

    def _sweep_spools(self, house: House, log: Log, before_us: int, swept: Swept) -> None:
        """Spools without a key are noise. Those of stored files are the analysis' matter, which is sent again."""
        # By name: the order of a folder changes with what is added and removed, and a place in it means nothing later.
        later = (path for path in _listing(house.layout.spool) if path.name > self._spool)
        paths = heapq.nsmallest(SPOOLS_PER_SWEEP, later)
        self._spool = paths[-1].name if len(paths) == SPOOLS_PER_SWEEP else ""
        for path in paths:
            if path.suffix != ".spool" or not _resting(path, before_us):
                continue
            file_id = path.stem
            # What an upload under way names is wanted, however long ago it was written to.
            if house.keyring.spool_key(file_id) is None and not house.pending.has(file_id):
                swept.spools += not wants_spool(log, file_id) and remove_abandoned(path)

    def _sweep_blobs(self, house: House, log: Log, before_us: int, swept: Swept) -> None:
        """Unfinished blobs whose writer is dead, and blobs of files that are deleted or unknown."""
        for _ in range(BLOB_FOLDERS_PER_SWEEP):
            folder = house.layout.blobs / BLOB_FOLDERS[self._folder]
            self._folder = (self._folder + 1) % len(BLOB_FOLDERS)
            for path in _listing(folder):
                if path.name.endswith(PART_SUFFIX):
                    # Its writer holds the lock until the rename, so no lock means no writer, of whatever age.
                    swept.blobs += is_abandoned(path) and remove_abandoned(path)
                elif path.suffix == ".blob" and older(path, before_us):
                    blob_id = path.name.partition(".")[0]
                    if house.keyring.blob_in_use(blob_id):
                        continue
                    if not wants_blob(log, blob_id):
                        path.unlink(missing_ok=True)
                        swept.blobs += 1


def first_sweep(house: House, most_s: float = FIRST_SWEEP_S) -> Swept:
    """Before anything else runs on the folder: nothing is under way, so nothing is too young. Through all of
    it, or as far as `most_s` allows; the regular sweeps come by the rest. Ways in that an older keyring brought back do
    not wait for them."""
    sweeper, total = Sweeper(), Swept(revived=drop_all(house, house.log))
    until_s = time.monotonic() + most_s
    rounds = 0
    while rounds < ROUNDS or (not sweeper.wrapped and most_s > FIRST_SWEEP_S):
        rounds += 1
        swept = sweeper.sweep(house, house.log, 0)
        if swept is not None:
            total = Swept(*map(sum, zip(*map(msgspec.structs.astuple, (total, swept)), strict=True)))
        if time.monotonic() >= until_s:
            break
    return total


# -- accounts and sessions -------------------------------------------------------------------------------------


def _close_expired(house: House, log: Log, swept: Swept) -> None:
    """The events first: a key that has expired opens nothing, so it may stay a moment longer."""
    now_us = house.clock_us()
    for row in house.reader.open_sessions_expired(now_us, SESSIONS_PER_SWEEP):
        swept.sessions += _close(house, log, row.session_id, expired=True)
    house.keyring.drop_expired_sessions(now_us)
    swept.sessions += close_idle(house, log)
    drop_invitations(house)
    drop_spent(house)
    drop_older_schemas(house)


def _tell_keys(house: House, log: Log, user: str) -> int:
    """1 if the log had not heard of a new password, code or factor; 0 if it had, or somebody was quicker."""
    records = owed_records(house.keyring, log, user)
    return _append(house, records) if records else 0


def _forget_removed(house: House, user: str, records: Sequence[Record]) -> None:
    """Passkeys of whose removal the log has been told: from here on it tells by itself that they are gone."""
    removed = house.keyring.removed_passkeys(user)
    if removed and (known := removed & told_of(records).removed):
        house.keyring.drop_removed(user, known)


def _close(house: House, log: Log, session_id: str, *, expired: bool) -> int:
    """1 if it was closed here; 0 if somebody was quicker, or the tables lag behind its closing."""
    records = close_records(log, session_id, "expired" if expired else "lost")
    return _append(house, records) if records else 0


def _append(house: House, records: tuple[NewRecord, ...]) -> int:
    try:
        house.writer.append(Append(records))
    except VersionConflict:
        return 0
    return 1


# -- chats and files -------------------------------------------------------------------------------------------


def _forget_nameless(house: House, kind: str, subject: str, before_us: int) -> int:
    """1 if it went. Not a key that somebody has taken over since the keys were listed: its event is on its way."""
    stream = f"{kind}-{subject}"
    if kind != "file":
        return house.keyring.forget_older(stream, before_us)
    if house.pending.has(subject):
        return 0  # Whoever comes back to it commits it, under this key.
    spool = house.layout.spool_file(subject)
    if spool.exists() and not _resting(spool, before_us):
        return 0  # Still being uploaded: a large file on a thin line takes its time.
    if not house.keyring.forget_older(stream, before_us):
        return 0
    forget_file(house, subject)  # What hangs on it.
    return 1


def _is_deleted(log: Log, chat_id: str) -> bool:
    records = log.read_stream(f"chat-{chat_id}")
    return bool(records) and isinstance(to_fact(records[-1]).event, ChatDeleted | ChatErased)


def _sweep_advance(house: House, log: Log) -> None:
    """What a killed worker told of a file that somebody else has finished since."""
    for file_id in being_told(house.layout):
        loaded = load_file(log, file_id)
        if loaded is None or loaded.state.status != "processing":
            forget_advance(house.layout, file_id)


def _resting(path: Path, before_us: int) -> bool:
    """Nobody writes it, and nobody has since `before_us`."""
    return older(path, before_us) and is_abandoned(path)


def _listing(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield Path(entry.path)
    except FileNotFoundError:
        return
