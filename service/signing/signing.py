"""Signing the log about once a second while there is something new: by one process at a time, whichever it is.

Preferably by one that answers nobody: a worker. Signing takes a few percent of an interpreter under load, which an API
process has better uses for; it takes over where no worker lives.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Final

import structlog

from eventstore.errors import LogError
from eventstore.log import Log
from service.house.house import House
from service.house.log_key import LogRefused, read_verifier
from service.machine import locks
from service.machine.layout import Layout
from service.machine.locks import FileLock
from service.signing import signing_faults
from service.signing.continuity import read_published
from service.signing.signer import NOBODY, Signer, Witnesses
from vault.kdf import ServerKey

EVERY_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
TAKE_OVER_S: Final = 2.0  # How long there has to be no worker before an API process signs.
LAST_LOCK_S: Final = 2.0  # How long a process that ends waits for its turn to sign what it wrote last.
LOOK_AGAIN_S: Final = 0.02
LAST_WORK_S: Final = 2.2  # Work on tiles that is not done by then is left to the next start.
STOP_S: Final = 2.5
REST_S: Final = 0.01
FAILURES_TOLD: Final = 3  # In a row: what passes by itself need not alarm anybody.

log = structlog.get_logger("service.signing.signing")


def start_signing(house: House, *, preferred: bool = False) -> Signing:
    """On a thread of this process, after its fork; the house gives the settings and the server key. `preferred`: this
    process answers nobody."""
    witnesses: Witnesses = NOBODY
    layout = house.layout
    if house.settings.log_witnesses:
        # An HTTP client is slow to load, and only wanted with witnesses.
        from service.signing.cosigning import Cosigners, parse_witnesses  # noqa: PLC0415  (see above)

        tell = functools.partial(_tell_contradictions, layout)
        witnesses = Cosigners(parse_witnesses(house.settings.log_witnesses), tell=tell)
    signing = Signing(layout, house.server, house.settings.log_origin, witnesses, preferred=preferred)
    signing.start()
    return signing


def _tell_contradictions(layout: Layout, lines: Sequence[str]) -> None:
    if lines:
        signing_faults.tell(layout.log_contradicted, "\n".join(lines))
    else:
        signing_faults.forget(layout.log_contradicted)


class _Ended(Exception):
    """There is no time left for the work that is under way."""


class Signing:
    """A thread that signs while this process holds the lock, and waits for the lock while another does."""

    def __init__(
        self,
        layout: Layout,
        server: ServerKey,
        origin: str,
        witnesses: Witnesses = NOBODY,
        *,
        preferred: bool = True,
    ) -> None:
        self._layout = layout
        self._witnesses = witnesses
        self._make = functools.partial(Signer, layout, server, origin, witnesses, self._rest)
        self._preferred = preferred
        self._presence: FileLock | None = None
        self._alone_since_s = time.monotonic()
        self._stopping = threading.Event()
        self._ends_at_s = float("inf")
        self._lock: FileLock | None = None
        self._signer: Signer | None = None
        self._pause_s = EVERY_S
        self._failures = 0
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="signing", daemon=True)

    def start(self) -> None:
        if self._preferred:
            self._presence = locks.share(self._layout.signer_preferred)
        self._thread.start()

    def stop(self) -> None:
        """Signs what is new once more; after the last append of this process. Bounded: what this leaves unsigned, the
        next start signs. Whatever witness is being asked is waited for no longer."""
        self._ends_at_s = time.monotonic() + LAST_WORK_S
        self._stopping.set()
        self._witnesses.close()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn(self._is_its_turn)
                self._stopping.wait(self._pause_s)
            self._turn(self._waits_for_last_turn)
        finally:
            self._let_go()
            if self._lock is not None:
                signing_faults.forget(self._layout.log_unsigned)
            self._release()
            if self._presence is not None:
                self._presence.release()

    def _is_its_turn(self) -> bool:
        if not self._preferred:
            now_s = time.monotonic()
            if locks.is_held(self._layout.signer_preferred):
                self._alone_since_s = now_s
                self._let_go()
                self._release()
                return False
            if self._lock is None and now_s - self._alone_since_s < TAKE_OVER_S:
                return False
        if self._lock is None:
            self._lock = locks.take(self._layout.signer_lock)
        return self._lock is not None

    def _waits_for_last_turn(self) -> bool:
        """Whether it came. It is not needed where another signs what this process wrote."""
        until_s = time.monotonic() + LAST_LOCK_S
        while self._lock is None:
            self._lock = locks.take(self._layout.signer_lock)
            if self._lock is None and (self._is_covered() or time.monotonic() >= until_s):
                return False
            if self._lock is None:
                time.sleep(LOOK_AGAIN_S)
        return True

    def _turn(self, comes: Callable[[], bool]) -> None:
        """Whatever goes wrong is told once and tried again: the process has other things to do."""
        try:
            if not comes():
                return
            if self._signer is None:
                self._signer = self._make()
            self._signer.sign_news()
        except _Ended:
            self._let_go()
        except LogRefused as error:
            self._failed(str(error))
            signing_faults.tell(self._layout.log_refused, str(error))
        except Exception as error:  # noqa: BLE001  (a full disk, a damaged file: appends and requests go on)
            why = f"{type(error).__name__}: {error}"
            self._failed(why)
            if self._failures >= FAILURES_TOLD and self._lock is not None:  # Otherwise it is not this one that signs.
                signing_faults.tell(self._layout.log_unsigned, why)
        else:
            self._went_well()

    def _failed(self, why: str) -> None:
        self._let_go()  # Nothing of it is trusted: the next try opens everything anew.
        self._failures += 1
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        if why != self._said:
            self._said = why
            log.error("log not signed", why=why)

    def _went_well(self) -> None:
        self._pause_s = EVERY_S
        self._failures = 0
        for fault in (self._layout.log_refused, self._layout.log_unsigned):  # Of another process, perhaps.
            signing_faults.forget(fault)
        if self._said:
            self._said = ""
            log.info("log signed again")

    def _is_covered(self) -> bool:
        """Whether what is published has all that there is."""
        key = read_verifier(self._layout)
        published = None if key is None else read_published(self._layout, key)
        if published is None:
            return False
        try:
            with closing(Log(self._layout.events)) as events:
                return published[0].size >= events.head()
        except LogError:
            return True  # Nobody can sign it.

    def _let_go(self) -> None:
        if self._signer is not None:
            self._signer.close()
            self._signer = None

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _rest(self) -> None:
        self._stopping.wait(REST_S)
        if time.monotonic() >= self._ends_at_s:
            raise _Ended
