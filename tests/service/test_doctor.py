"""The doctor: what it finds in a folder that something happened to, and the way out that it says."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from projections.runner import Projector
from service.backup import last
from service.doctor import Finding, examine
from service.house.house import House
from service.house.pulse import Pulse
from service.house.standstill import Standstill, tell
from service.machine.ids import now_us
from service.machine.layout import Layout
from service.upkeep import rotating
from service.upkeep.projecting import catch_up
from tests import builders
from tests.disks import mounted
from tests.service.keeping import kept
from tests.service.logs import grow, sign

DAY_S = 86_400


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Of a folder in order, with a stored file and a signed log, that nobody has open."""
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        kept(house, builders.person(house, "ada"), b"stored")
        with Projector(house.layout.user_data) as projector:
            catch_up(house.log, projector)
        sign(house)
        return house.layout


def unwell(layout: Layout, **given: object) -> dict[str, Finding]:
    """What is wrong, by name. Each has one line and a way out."""
    found = {finding.what: finding for finding in examine(builders.settings(layout.data, **given)) if not finding.well}
    for finding in found.values():
        assert finding.way, finding
        assert "\n" not in finding.line
        assert finding.line.startswith("BAD ")
    return found


def test_a_folder_in_order_is_well_and_says_what_could_be_done(layout: Layout) -> None:
    assert unwell(layout) == {}
    (hint,) = [finding for finding in examine(builders.settings(layout.data)) if finding.way]
    assert (hint.what, "strongroom backup" in hint.way) == ("backups", True)


def test_a_disk_with_no_room_is_told_also_where_nothing_is_held_in_reserve(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", 32 << 20) as disk:
        with closing(House(builders.settings(disk.folder / "data", reserve_bytes=0))) as house:
            kept(house, builders.person(house, "ada"), b"stored")
            sign(house)
        assert "disk" not in unwell(house.layout, reserve_bytes=0)
        disk.fill()
        assert unwell(house.layout, reserve_bytes=0)["disk"].detail == "0 KiB free: hardly anything can be written"


def no_folder(layout: Layout) -> None:
    layout.data.rename(layout.data.with_name("moved"))


def open_folder(layout: Layout) -> None:
    layout.blobs.chmod(0o755)


def no_key(layout: Layout) -> None:
    layout.server_key.unlink()


def open_key(layout: Layout) -> None:
    layout.server_key.chmod(0o644)


def short_key(layout: Layout) -> None:
    layout.server_key.write_bytes(b"short")


def wrong_key(layout: Layout) -> None:
    layout.server_key.write_bytes(b"k" * 32)


def no_keyring(layout: Layout) -> None:
    layout.keyring.unlink()


def keyring_is_none(layout: Layout) -> None:
    layout.keyring.write_bytes(b"nothing of that kind" * 1_000)


def noise_in(table: str) -> Callable[[Layout], None]:
    def damaged(layout: Layout) -> None:
        with closing(apsw.Connection(str(layout.keyring))) as keyring:
            page_bytes = int(str(keyring.pragma("page_size")))
            sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
            ((page,),) = keyring.execute(sql, (table,)).fetchall()
        with layout.keyring.open("r+b") as file:
            file.seek((int(str(page)) - 1) * page_bytes)
            file.write(bytes(range(1, 256)) * 2)

    return damaged


def empty_keyring(layout: Layout) -> None:
    layout.keyring.write_bytes(b"")


def newer_keyring(layout: Layout) -> None:
    with closing(apsw.Connection(str(layout.keyring))) as keyring:
        keyring.pragma("user_version", 99)


def newer_log(layout: Layout) -> None:
    with closing(apsw.Connection(str(layout.events))) as log:
        log.pragma("user_version", 99)


def no_log(layout: Layout) -> None:
    for suffix in ("", "-wal", "-shm"):
        layout.events.with_name(f"{layout.events.name}{suffix}").unlink(missing_ok=True)


def log_behind(layout: Layout) -> None:
    no_log(layout)
    with closing(House(builders.settings(layout.data))):
        pass


def log_forked(layout: Layout) -> None:
    log_behind(layout)
    with closing(House(builders.settings(layout.data))) as house:
        grow(house, 50)


def no_blob(layout: Layout) -> None:
    next(layout.blobs.glob("*/*.blob")).unlink()


def orphaned_spool(layout: Layout) -> None:
    left = layout.spool_file("0198-nobody")
    left.write_bytes(b"noise")
    os.utime(left, (0, time.time() - 2 * DAY_S))


def stopped_tables(layout: Layout) -> None:
    tell(layout, Standstill(10**9, "MessagePinned", "UnknownEvent"))


def tables_behind(layout: Layout) -> None:
    with closing(House(builders.settings(layout.data))) as house:
        grow(house, 1_500)
        sign(house)


def old_backup(layout: Layout) -> None:
    last.tell(layout, last.LastBackup("2026", now_us() - 8 * DAY_S * 1_000_000, 3, "/away", 0))


def backup_with_faults(layout: Layout) -> None:
    last.tell(layout, last.LastBackup("2026", now_us(), 3, "/away", 2))


def keyring_kept_too_long(layout: Layout) -> None:
    """Nobody backs up any more, so nobody removes it either."""
    taken_s = time.time() - 31.5 * DAY_S
    copy = layout.data.parent / "keys" / time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(taken_s))
    copy.mkdir(parents=True)
    (copy / "manifest.json").touch()
    last.tell(layout, last.LastBackup(copy.name, now_us(), 3, "/away", 0, str(copy.parent)))


def clock_set_back(layout: Layout) -> None:
    with closing(House(builders.settings(layout.data), lambda: now_us() + 3_600_000_000)) as house:
        grow(house, 1)


@pytest.mark.parametrize(
    ("happens", "what", "detail", "way"),
    [
        (no_folder, "folder", "there is no folder", "--data"),
        (open_folder, "folder", "open to other users", "chmod 700"),
        (no_key, "server key", "is missing", "STRONGROOM_SERVER_KEY"),
        (open_key, "server key", "open to other users", "chmod 600"),
        (short_key, "server key", "has 5 bytes", "right one"),
        (wrong_key, "keyring", "not the one that this keyring was made with", "own server.key"),
        (no_keyring, "keyring", "keyring.db is missing", "backup"),
        (keyring_is_none, "keyring", "not a database", "backup"),
        (noise_in("account"), "keyring", "damaged", "backup"),
        (noise_in("session"), "keyring", "damaged", "backup"),
        (noise_in("spool_key"), "keyring", "damaged", "backup"),
        (noise_in("blob_key"), "blobs", "damaged", "backup"),
        (noise_in("server"), "server key", "", "backup"),
        (empty_keyring, "keyring", "is empty", "backup"),
        (newer_keyring, "keyring", "schema version 99", "newer code"),
        (newer_log, "log", "schema version 99", "newer code"),
        (no_log, "log", "events.db is missing", "backup"),
        (log_behind, "history", "were signed", "An older log"),
        (log_forked, "history", "another one", "An older log"),
        (clock_set_back, "clock", "in the future", "clock right"),
        (no_blob, "blobs", "1 of 1 stored files", "blobs check"),
        (orphaned_spool, "spool", "1 spools", "--sweep"),
        (stopped_tables, "projection", "stopped at position", "newer code"),
        (tables_behind, "projection", "events behind the log", "worker"),
        (old_backup, "backups", "8 days ago", "strongroom backup"),
        (backup_with_faults, "backups", "2 files", "blobs check"),
        (keyring_kept_too_long, "backups", "31 days old, longer than the 30", "strongroom backup"),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_what_happened_is_found_with_the_way_out(
    layout: Layout, happens: Callable[[Layout], None], what: str, detail: str, way: str
) -> None:
    happens(layout)
    found = unwell(layout)
    assert what in found
    assert detail in found[what].detail
    assert way in found[what].way


def test_an_older_keyring_is_told(layout: Layout) -> None:
    older = layout.keyring.read_bytes()
    with closing(House(builders.settings(layout.data))) as house:
        builders.person(house)
    layout.keyring.write_bytes(older)
    assert "keyring accept" in unwell(layout)["keyring"].way


def test_a_disk_at_its_reserve_is_told(layout: Layout) -> None:
    assert "make room" in unwell(layout, reserve_bytes=1 << 62)["disk"].way


def test_a_queue_that_does_not_answer_is_told(layout: Layout, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # And nobody listens.
        found = unwell(layout, redis_url=f"redis://127.0.0.1:{taken.getsockname()[1]}/0")
    assert "does not answer" in found["queue"].detail
    assert "does not answer" in unwell(layout, redis_url=f"unix://{tmp_path}/no.sock")["queue"].detail
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert "queue" not in unwell(layout, redis_url=f"redis://127.0.0.1:{listening.getsockname()[1]}/0")


def test_workers_whose_own_queue_is_away_are_told(layout: Layout) -> None:
    with Pulse(layout, "uploads"):
        assert "does not answer" in unwell(layout)["queue"].detail


def test_a_folder_that_has_nothing_yet_is_told_and_not_filled(tmp_path: Path) -> None:
    found = unwell(Layout(tmp_path / "nothing"))
    assert {"folder", "server key", "keyring", "log"} <= found.keys()
    assert not (tmp_path / "nothing").exists()


# -- it only looks -----------------------------------------------------------------------------------------------


def hints(layout: Layout) -> dict[str, str]:
    return {found.what: found.detail for found in examine(builders.settings(layout.data)) if found.well and found.way}


def held(layout: Layout) -> dict[str, bytes]:
    files = (path for path in layout.data.rglob("*") if path.is_file() and layout.run not in path.parents)
    return {str(path): path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm"))}


def test_an_older_keyring_is_not_lifted_by_a_look(layout: Layout) -> None:
    with closing(apsw.Connection(str(layout.keyring))) as keyring:
        for table in ("totp", "backup_code", "passkey", "spent", "api_token"):
            keyring.execute(f"DROP TABLE {table}")
        keyring.execute("DROP INDEX session_by_use; DROP INDEX stream_key_by_chat")
        for table, columns in (
            ("account", ("backup_sets", "backup_uses", "identity_by_subject")),
            ("session", ("seen_at_us",)),
            ("stream_key", ("chat",)),
            ("server", ("generation", "pepper_by_server")),
        ):
            for column in columns:
                keyring.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        keyring.pragma("user_version", 4)
    before = held(layout)
    assert unwell(layout) == {}
    assert "older version" in hints(layout)["keyring"]
    assert held(layout) == before


def test_a_replaced_server_key_is_not_settled_by_a_look(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = builders.settings(layout.data)
    with monkeypatch.context() as patched, closing(House(settings)) as house:
        patched.setattr(rotating, "take_new_key", lambda _: None)  # Killed after the commit.
        rotating.rotate(house, None)
    before = held(layout)
    assert unwell(layout) == {}
    assert "being replaced" in hints(layout)["history"]
    assert held(layout) == before
    House(settings).close()
    assert "history" not in hints(layout)


def test_a_key_that_was_drawn_and_never_used_is_told(layout: Layout) -> None:
    layout.new_server_key.write_bytes(b"k" * 32)
    assert "never came to be used" in hints(layout)["server key"]
    assert layout.new_server_key.exists()
