"""Child processes that are kept alive: started, started again when they die, stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from service.machine.lines import Lines, hear
from service.machine.process import READY_FD, following_parent

PAUSE_S: Final = 0.1
PAUSE_MAX_S: Final = 5.0
STEADY_S: Final = 10.0  # Having lived so long, a child counts as sound again.
POLL_S: Final = 0.02

log = structlog.get_logger("service.machine.children")


class Child:
    """One program, in a process group of its own: Ctrl-C in a terminal reaches the supervisor alone, which
    stops its children in order. When the supervisor dies, however it dies, the kernel sends them
    `death_signal`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        death_signal: signal.Signals,
        keep_fds: Sequence[int] = (),
        ready_after: int = 0,
        says: Callable[[str], object] | None = None,
    ) -> None:
        """`ready_after`: how many of its processes say so (`tell_ready`) when they have begun to work. `says`: what is
        given each line that it writes, from `keep_alive` and `kill`; None: they go to standard error as they are."""
        self.name = name
        self.deaths = 0
        self._ready_after = ready_after
        self._told = 0
        self._hears: int | None = None
        self._command = list(command)
        self._environment = dict(environment)
        self._death_signal = death_signal
        self._keep_fds = tuple(keep_fds)
        self._says = says
        self._lines: Lines | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_s = PAUSE_S
        self._started_s = 0.0
        self._restart_at_s = 0.0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ready(self) -> bool:
        """Whether all of its processes have begun to work since it was started."""
        if self._hears is not None:
            with contextlib.suppress(BlockingIOError):
                self._told += len(os.read(self._hears, 4_096))
        return self._told >= self._ready_after

    def start(self) -> None:
        """OSError when the program cannot be started at all."""
        self._started_s = time.monotonic()
        self._close_ear()
        self._hears, says = os.pipe()
        os.set_blocking(self._hears, False)
        os.set_blocking(says, False)  # Its processes may begin again and again, and nobody needs to listen.
        writes = self._listen()
        try:
            self._process = subprocess.Popen(
                self._command,
                env={**self._environment, READY_FD: str(says)},
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if writes is None else writes,  # Standard output carries one line, ours.
                stderr=writes,
                pass_fds=(*self._keep_fds, says),
                process_group=0,
                # Only two system calls, and nothing else runs in this process that could hold a lock meanwhile.
                preexec_fn=following_parent(self._death_signal),  # noqa: PLW1509  (safe: see above)
            )
        finally:
            os.close(says)
            if writes is not None:
                os.close(writes)

    def twin(self) -> Child:
        """Another one like it, not started."""
        return Child(
            self.name,
            self._command,
            environment=self._environment,
            death_signal=self._death_signal,
            keep_fds=self._keep_fds,
            ready_after=self._ready_after,
            says=self._says,
        )

    def keep_alive(self) -> None:
        """Call now and then: notices a death, and starts anew after a pause that doubles up to
        PAUSE_MAX_S."""
        self._hear_lines()
        if self.running:
            return
        now_s = time.monotonic()
        if self._process is not None:
            self.deaths += 1
            if now_s - self._started_s >= STEADY_S:
                self._pause_s = PAUSE_S
            log.warning("child died", child=self.name, status=self._process.returncode, pause_s=self._pause_s)
            self._restart_at_s = now_s + self._pause_s
            self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
            self._kill_group()
            self._process = None
        if now_s >= self._restart_at_s:
            try:
                self.start()
            except OSError as error:  # It is being replaced on the disk, or the machine has no room for it.
                self.deaths += 1
                log.warning("child cannot be started", child=self.name, error=str(error), pause_s=self._pause_s)
                self._restart_at_s = now_s + self._pause_s
                self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)

    def ask_to_stop(self) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """The whole group, at once, and reaps it."""
        if self._process is not None:
            self._kill_group()
            self._process.wait()
        self._close_ear()
        self._hear_lines()
        if self._lines is not None:
            self._lines.close()
            self._lines = None

    def _listen(self) -> int | None:
        """Where it writes, if it is listened to."""
        if self._says is None:
            return None
        self._hear_lines()
        if self._lines is not None:  # Of the one before.
            self._lines.close()
        self._lines, writes = hear()
        return writes

    def _hear_lines(self) -> None:
        if self._says is not None and self._lines is not None:
            for line in self._lines.read():
                self._says(line)

    def _close_ear(self) -> None:
        if self._hears is not None:
            os.close(self._hears)
        self._hears, self._told = None, 0

    def _kill_group(self) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # Nobody of the group is left.
            os.killpg(self._process.pid, signal.SIGKILL)


def stop_all(children: Sequence[Child], timeout_s: float, hurry: Callable[[], bool]) -> None:
    """Asks all of them at once, waits, and kills who is left after `timeout_s` or when `hurry` says so."""
    for child in children:
        child.ask_to_stop()
    until_s = time.monotonic() + timeout_s
    while any(child.running for child in children) and time.monotonic() < until_s and not hurry():
        time.sleep(POLL_S)
    for child in children:
        if child.running:
            log.warning("child killed", child=child.name)
        child.kill()
