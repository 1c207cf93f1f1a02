"""The data folder and the server key: one key, whoever starts first, and never a second one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from service.doctor import examine
from service.house.house import House
from service.machine.layout import Layout, load_server_key, replace_file
from tests.builders import settings
from vault.errors import WrongServerKey

ROOT = Path(__file__).parents[2]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "data")
    layout.create()
    return layout


def test_the_folder_is_for_nobody_else(layout: Layout) -> None:
    layout.create()  # Again, without harm.
    for folder in (layout.data, layout.spool, layout.blobs, layout.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_every_file_has_its_place_within_the_folder(layout: Layout) -> None:
    assert layout.spool_file("abc-12").relative_to(layout.data) == Path("spool/abc-12.spool")
    assert layout.blob_file("abc-12").relative_to(layout.data) == Path("blobs/12/abc-12.blob")
    places = [layout.events, layout.keyring, layout.user_data, layout.server_key, layout.valkey_socket]
    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(layout.data) for place in places)


@pytest.mark.parametrize(("durable", "syncs"), [(True, 2), (False, 0)])
def test_a_file_is_replaced_and_both_file_and_folder_are_synced_unless_it_need_not_last(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, durable: bool, syncs: int
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    for data in (b"the old", b"new"):
        synced.clear()
        replace_file(layout.run / "told", data, durable=durable)
        assert (layout.run / "told").read_bytes() == data
        assert len(synced) == syncs
    assert [path.name for path in layout.run.glob("*told*")] == ["told"]


def test_the_first_start_makes_a_key_that_the_next_one_finds(layout: Layout) -> None:
    key = load_server_key(layout, None)
    assert len(key) == 32
    assert stat.S_IMODE(layout.server_key.stat().st_mode) == 0o600
    assert load_server_key(layout, None) == key
    assert [path.name for path in layout.data.glob("server.key*")] == ["server.key"]


def test_two_folders_have_two_keys(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "other")
    other.create()
    assert load_server_key(layout, None) != load_server_key(other, None)


def test_a_key_that_is_given_is_used_and_not_written_down(layout: Layout) -> None:
    assert load_server_key(layout, "AB" * 32) == b"\xab" * 32
    assert not layout.server_key.exists()


def test_a_keyring_without_its_key_is_refused_and_no_new_key_is_made(layout: Layout) -> None:
    layout.keyring.touch()
    with pytest.raises(RuntimeError, match=r"server\.key is missing.*restore the key first"):
        load_server_key(layout, None)
    assert not layout.server_key.exists()


@pytest.mark.parametrize("size_bytes", [0, 31, 33])
def test_half_a_key_is_refused(layout: Layout, size_bytes: int) -> None:
    layout.server_key.write_bytes(b"x" * size_bytes)
    with pytest.raises(RuntimeError, match=f"32 bytes, not {size_bytes}"):
        load_server_key(layout, None)


def test_what_a_crash_left_of_an_earlier_start_is_not_in_the_way(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(os, "link", power_cut)
    monkeypatch.setattr(Path, "unlink", power_cut)
    with pytest.raises(SystemExit):
        load_server_key(layout, None)
    monkeypatch.undo()
    assert len(list(layout.data.glob("server.key.*"))) == 1
    assert len(load_server_key(layout, None)) == 32


def test_a_process_that_starts_while_another_makes_key_and_keyring_is_not_told_that_the_key_is_missing(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists = Path.exists

    def other_starts_meanwhile(path: Path) -> bool:
        answer = exists(path)
        if path == layout.server_key and not answer:
            layout.server_key.write_bytes(b"k" * 32)
            layout.keyring.touch()
        return answer

    monkeypatch.setattr(Path, "exists", other_starts_meanwhile)
    assert load_server_key(layout, None) == b"k" * 32


START = """
import sys
from pathlib import Path
from service.doctor import examine
from service.house.house import House
from service.machine.layout import Layout, load_server_key, replace_file
from tests.builders import settings
from vault.errors import WrongServerKey
layout = Layout(Path(sys.argv[1]))
layout.create()
sys.stdin.read(1)
key = load_server_key(layout, None)
layout.keyring.touch()
print(key.hex())
"""


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path / "data")]
    starting = [
        subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)
    ]
    keys = list[str]()

    def go(process: subprocess.Popen[str]) -> None:
        keys.append(process.communicate("x", timeout=60)[0])

    threads = [threading.Thread(target=go, args=(process,)) for process in starting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.returncode for process in starting] == [0] * 4
    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert keys[0].strip() == (tmp_path / "data" / "server.key").read_bytes().hex()


def test_another_server_key_than_the_folders_own_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    House(settings(data, server_key="ab" * 32)).close()
    with pytest.raises(WrongServerKey):
        House(settings(data, server_key="cd" * 32))
    House(settings(data, server_key="ab" * 32)).close()


def test_up_with_another_server_key_stops_with_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    House(settings(tmp_path / "data")).close()
    environment = {**os.environ, "STRONGROOM_SERVER_KEY": "cd" * 32}
    program = "from service.commands.cli import main; main()"
    command = [sys.executable, "-c", program, "up", "--data", str(tmp_path / "data")]
    outcome = subprocess.run(
        [*command, "--port", "0"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert len(outcome.stderr.splitlines()) == 1
    assert "set STRONGROOM_SERVER_KEY to that key" in outcome.stderr


def test_the_doctor_sees_that_the_server_key_is_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    House(settings(data, server_key="ab" * 32)).close()
    looks = {key: {look.what: look for look in examine(settings(data, server_key=key * 32))} for key in ("ab", "cd")}
    assert looks["ab"]["keyring"].well
    assert not looks["cd"]["keyring"].well
