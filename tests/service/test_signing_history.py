"""Fork safety: what is never signed, what is repaired, and the way out."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from eventstore.note import NoteInvalid, parse_key
from service.doctor import examine
from service.house.house import House
from service.house.log_key import LogRefused, read_file
from service.machine.layout import Layout
from service.signing import signing
from service.signing.continuity import require_history
from service.signing.signing import Signing
from service.upkeep.readiness import state
from tests import builders
from tests.service.logs import (
    copy_log,
    grow,
    put_log_back,
    refused,
    reopened,
    sign,
    signer_of,
    verified,
)
from tests.waiting import wait_for

RESTORED = r"put the newer events\.db back .* `strongroom log begin-anew`"


# -- older and other logs ------------------------------------------------------------------------------------------


def test_a_log_shorter_than_what_was_signed_is_not_signed(house: House, tmp_path: Path) -> None:
    grow(house, 300)
    copy_log(house.layout, tmp_path / "old.db")
    grow(house, 300)
    sign(house)
    put_log_back(house.layout, tmp_path / "old.db")
    refused(house, f"the log ends at 300, but 600 events of it were signed: {RESTORED}")


@pytest.mark.parametrize(("before", "signed"), [(10, 20), (300, 400), (512, 768), (300, 512), (10, 256)])
def test_a_log_that_went_another_way_is_not_signed_however_long_it_is(
    house: House, tmp_path: Path, before: int, signed: int
) -> None:
    grow(house, before)
    copy_log(house.layout, tmp_path / "old.db")
    grow(house, signed - before)
    sign(house)
    put_log_back(house.layout, tmp_path / "old.db")
    with closing(reopened(house)) as other:
        grow(other, signed - before + 300, "chat-b")
        refused(other, f"the log is another one than the {signed} events that were signed: {RESTORED}")


def test_the_newer_log_put_back_is_signed_again(house: House, tmp_path: Path) -> None:
    grow(house, 300)
    copy_log(house.layout, tmp_path / "old.db")
    grow(house, 300)
    copy_log(house.layout, tmp_path / "new.db")
    sign(house)
    put_log_back(house.layout, tmp_path / "old.db")
    refused(house, "the log ends at 300")
    put_log_back(house.layout, tmp_path / "new.db")
    with closing(reopened(house)) as other:
        size = grow(other, 5)
        assert sign(other) == verified(other.layout)
        assert verified(other.layout).size == size


def test_a_log_that_is_gone_is_not_begun_anew_under_the_old_key(house: House) -> None:
    grow(house, 3)
    sign(house)
    house.layout.events.unlink()
    refused(house, "events.db is missing")
    assert not house.layout.events.exists()


def test_an_older_log_put_in_place_under_a_running_process_is_noticed_and_shown(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "EVERY_S", 0.02)
    monkeypatch.setattr(signing, "LONGEST_PAUSE_S", 0.05)
    grow(house, 300)
    copy_log(house.layout, tmp_path / "old.db")
    grow(house, 300)
    copy_log(house.layout, tmp_path / "new.db")
    thread = Signing(house.layout, house.server, "")
    thread.start()
    wait_for(lambda: house.layout.checkpoint.exists() and verified(house.layout).size == 600, "a checkpoint")
    assert "log:history" not in state(house).missing
    put_log_back(house.layout, tmp_path / "old.db")
    wait_for(lambda: "log:history" in state(house).missing, "the readiness page to show it")
    wait_for(lambda: "the log ends at 300" in house.layout.log_refused.read_text(), "the reason")
    history = next(found for found in examine(house.settings) if found.what == "history")
    assert not history.well
    assert "the log ends at 300" in history.detail
    assert verified(house.layout).size == verified(house.layout, "signed").size == 600
    put_log_back(house.layout, tmp_path / "new.db")
    wait_for(lambda: "log:history" not in state(house).missing, "all to be well again")
    thread.stop()


# -- logs that are damaged -----------------------------------------------------------------------------------------


def tear_out(layout: Layout, position: int) -> None:
    with closing(apsw.Connection(str(layout.events))) as connection:
        connection.execute("DROP TRIGGER events_are_not_deleted")
        connection.execute("DELETE FROM events WHERE position = ?", (position,))


def spoil_pages(layout: Layout) -> None:
    """Every page after the first two, as they lie on the disk."""
    with closing(apsw.Connection(str(layout.events))) as connection:
        connection.pragma("wal_checkpoint(TRUNCATE)")
    with layout.events.open("r+b") as file:
        file.seek(2 * 4_096)
        file.write(b"\xa5" * (layout.events.stat().st_size - 2 * 4_096))


DAMAGE = {"a row is missing": lambda layout: tear_out(layout, 550), "pages are overwritten": spoil_pages}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_log_is_refused_in_one_line_by_all_that_start(tmp_path: Path, damage: str) -> None:
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        grow(house, 600)
        sign(house)
        layout, settings = house.layout, house.settings
    DAMAGE[damage](layout)
    with pytest.raises(LogRefused, match=r"events\.db is damaged .*`strongroom log verify` says where") as told:
        require_history(layout, settings)
    assert "\n" not in str(told.value)
    program = "from service.commands.cli import main; main()"
    for command in ("up", "api", "worker"):
        refused = subprocess.run(
            [sys.executable, "-c", program, command, "--data", str(layout.data)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert line.startswith("strongroom: events.db is damaged")
    history = next(found for found in examine(settings) if found.what == "history")
    assert not history.well


def test_a_hole_in_what_is_new_is_not_signed_and_is_told(house: House) -> None:
    grow(house, 300)
    with closing(signer_of(house)) as signer:
        first = signer.sign_news()
        grow(house, 100)
        tear_out(house.layout, 350)
        with pytest.raises(LogRefused, match="the event at position 350 is not there"):
            signer.sign_news()
    assert verified(house.layout, "signed") == first


def test_a_folder_that_nobody_signed_yet_may_be_started(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "none")
    assert require_history(layout, builders.settings(tmp_path / "none")) == 0
    assert not layout.data.exists()


def test_a_pipe_or_a_device_in_place_of_a_file_is_not_waited_for(house: House) -> None:
    sign(house)
    house.layout.signed.unlink()
    os.mkfifo(house.layout.signed)
    assert read_file(house.layout.signed) == b""
    assert read_file(Path("/dev/zero")) == b""
    assert read_file(house.layout.log) == b""
    assert sign(house) == verified(house.layout)  # From what was published.


def test_a_key_that_nobody_can_read_is_no_key(house: House) -> None:
    sign(house)
    public = house.layout.log_key.read_bytes()
    house.layout.log_key.write_bytes(b"\xff\xfe nonsense")
    sign(house)
    assert house.layout.log_key.read_bytes() == public
    with pytest.raises(NoteInvalid):
        parse_key("nonsense")
