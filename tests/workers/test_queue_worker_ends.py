"""How a worker that cannot go on says so: what the folder refuses in one line, all else with the way there."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from projections.errors import ProjectionBusy, ProjectionStopped
from service.machine.meter import SILENT
from tests import builders
from vault.errors import KeyringFull
from workers import main, relay
from workers.houses import Houses
from workers.quiet import Quiet


@pytest.fixture(autouse=True)
def nothing_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "_stop_on_signals", lambda _: None)
    monkeypatch.setattr(main, "begin", lambda *_: SILENT)


def test_a_folder_that_does_not_open_is_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "keyring.db").mkdir(parents=True)
    data.chmod(0o700)
    with capture_logs() as lines:
        assert main.work(builders.settings(data), []) == 1
    (line,) = lines
    assert "a folder lies where this database belongs" in line["why"]
    assert "exc_info" not in line


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), KeyringFull("full"), RuntimeError("?")])
def test_what_goes_wrong_later_keeps_the_way_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def run(houses: Houses, *_: object) -> None:
        houses.close()
        raise fault

    monkeypatch.setattr(main, "run", run)
    with capture_logs() as lines:
        assert main.work(builders.settings(tmp_path / "data"), []) == 1
    assert [(line["event"], line["exc_info"]) for line in lines if line["log_level"] == "error"] == [
        ("worker ended", True)
    ]


def test_the_relay_tells_one_standstill_from_the_next() -> None:
    stopped = [ProjectionStopped(position, "MessageSent", "?") for position in (7, 7, 8)]
    quiet = Quiet()
    assert [quiet.may_say(relay._why(each)) for each in stopped] == [True, False, True]
    assert relay._why(ProjectionBusy()) == "ProjectionBusy"


def test_what_was_said_is_not_kept_for_longer_than_the_pause() -> None:
    quiet = Quiet(pause_s=0.0)
    for position in range(100):
        assert quiet.may_say(str(position))
    assert len(quiet._said_s) == 1
