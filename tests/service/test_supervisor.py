"""How a supervisor waits for what it has started."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.commands import supervisor
from service.commands.supervisor import Crew, StartError, Supervisor
from service.machine.children import Child
from service.machine.init_system import State

Told = list[tuple[State | None, str]]
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nor any signal that stays with whoever comes after."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    monkeypatch.setattr(supervisor, "READY_S", 0.0)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What the init system was told."""
    found: Told = []
    monkeypatch.setattr(supervisor, "tell_init_system", lambda state, status: found.append((state, status)))
    return found


def test_what_others_have_to_start_is_waited_for(capfd: pytest.CaptureFixture[str], told: Told) -> None:
    answers = iter(["queue", "queue", ""])

    def missing() -> str:
        answer = next(answers)
        if answer == "":
            signal.raise_signal(signal.SIGTERM)
        return answer

    Supervisor([], missing, "ready at last").run()
    assert capfd.readouterr().out.splitlines()[-1] == "ready at last"
    assert told[:2] == [(None, "not ready yet: queue"), ("READY=1", "ready at last")]


def test_the_init_system_is_told_of_each_renewal_by_its_number_and_how_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "isatty", lambda _fd: False)
    (program := tmp_path / "program").symlink_to("/bin/sleep")
    child = Child("one", [str(program), "60"], environment={}, death_signal=signal.SIGKILL)

    told: Told = []

    def tell(state: State | None, status: str) -> None:
        told.append((state, status))
        match status:
            case "at work":
                signal.raise_signal(signal.SIGHUP)
            case "replaced 1":
                program.unlink()
                signal.raise_signal(signal.SIGHUP)
            case "replacing 1" | "replacing 2" | "stopping":
                pass
            case _:
                signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(supervisor, "tell_init_system", tell)
    Supervisor([Crew("workers", [child], 1.0)], lambda: "", "at work").run()
    assert told == [
        ("READY=1", "at work"),
        ("RELOADING=1", "replacing 1"),
        ("READY=1", "replaced 1"),
        ("RELOADING=1", "replacing 2"),
        ("READY=1", "not replaced 2: the new ones of workers did not start, and the old ones go on"),
        ("STOPPING=1", "stopping"),
    ]


def test_where_nobody_answers_it_gives_up() -> None:
    with pytest.raises(StartError, match="not ready within 0 s: nothing answers"):
        Supervisor([], lambda: None, "ready").run()
