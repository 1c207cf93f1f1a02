"""How a supervisor waits for what it has started."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from service.commands import supervisor
from service.commands.supervisor import StartError, Supervisor

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nor any signal that stays with whoever comes after."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    monkeypatch.setattr(supervisor, "READY_S", 0.0)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_others_have_to_start_is_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    answers = iter(["queue", "queue", ""])

    def missing() -> str:
        answer = next(answers)
        if answer == "":
            signal.raise_signal(signal.SIGTERM)
        return answer

    Supervisor([], missing, "ready at last").run()
    assert capfd.readouterr().out.splitlines()[-1] == "ready at last"


def test_where_nobody_answers_it_gives_up() -> None:
    with pytest.raises(StartError, match="not ready within 0 s: nothing answers"):
        Supervisor([], lambda: None, "ready").run()
