"""The first start of a folder: cut off at any moment, or by several at once, and the next one is a start again."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from service.house.house import House
from service.house.server_key import open_server_key
from service.machine.config import Settings
from service.machine.layout import Layout, load_server_key
from tests import builders
from vault.errors import KeyringCorrupt, KeyringLost, WrongServerKey
from vault.keyring_rotating import read_server_row
from vault.keyring_schema import open_database


def test_a_crash_between_the_key_and_the_keyring_is_as_if_nothing_had_been(tmp_path: Path) -> None:
    """SQLite makes an empty file before the first commit."""
    layout = Layout(tmp_path / "data")
    layout.create()
    load_server_key(layout, None)
    layout.keyring.touch()
    for _ in range(2):
        with closing(House(builders.settings(layout.data))) as house:
            assert house.keyring.answers()


def test_to_ask_whose_a_keyring_is_makes_none(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    layout.create()
    layout.keyring.touch()
    assert read_server_row(layout.keyring) is None
    layout.server_key.write_bytes(b"k" * 32)
    open_server_key(layout, None)
    with pytest.raises(KeyringCorrupt):
        open_database(layout.keyring)
    assert layout.keyring.stat().st_size == 0


def test_a_keyring_that_was_cut_to_nothing_is_no_new_one(tmp_path: Path) -> None:
    settings = builders.settings(tmp_path / "data")
    with closing(House(settings)) as house:
        builders.person(house, "ada")
    house.layout.keyring.write_bytes(b"")
    with pytest.raises(KeyringLost):
        House(settings)


def test_several_start_at_once_on_a_new_folder(tmp_path: Path) -> None:
    for turn in range(8):
        settings = builders.settings(tmp_path / str(turn))
        barrier, said = threading.Barrier(3), list[str]()

        def start(settings: Settings = settings, barrier: threading.Barrier = barrier, said: list[str] = said) -> None:
            barrier.wait(10)
            try:
                House(settings).close()
            except WrongServerKey as error:
                said.append(str(error))

        threads = [threading.Thread(target=start) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert said == []
        House(settings).close()
