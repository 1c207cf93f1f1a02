"""The server key from a file outside the folder, as systemd and containers hand it in."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.doctor import examine
from service.house.house import House
from service.machine.config import SettingsError, as_environment, load_settings
from service.machine.given_key import given_server_key, is_given
from tests.builders import settings
from vault.errors import WrongServerKey

KEY = bytes(range(32))


@pytest.mark.parametrize("held", [KEY, KEY.hex().encode(), b" " + KEY.hex().upper().encode() + b"\n"])
def test_a_file_holds_the_key_as_bytes_or_in_hex(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(held)
    given = settings(tmp_path / "data", server_key_file=str(file))
    assert (is_given(given), given_server_key(given)) == (True, KEY.hex())


def test_without_either_the_key_is_the_folders_own(tmp_path: Path) -> None:
    given = settings(tmp_path / "data")
    assert (is_given(given), given_server_key(given)) == (False, None)


@pytest.mark.parametrize("held", [b"", KEY[:31], KEY.hex().encode()[:-1], b"\xff" * 64, KEY.hex().encode() * 20])
def test_a_file_that_holds_no_key_is_one_line_that_does_not_tell_what_it_holds(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(held)
    with pytest.raises(RuntimeError) as refused:
        House(settings(tmp_path / "data", server_key_file=str(file)))
    said = str(refused.value)
    assert said.startswith(f"STRONGROOM_SERVER_KEY_FILE: {file} holds no server key")
    assert KEY.hex()[:8] not in said
    assert "\n" not in said
    assert not (tmp_path / "data" / "keyring.db").exists()


def test_a_file_that_is_not_there_is_one_line_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"cannot be read: No such file or directory\. Put the key there"):
        given_server_key(settings(tmp_path / "data", server_key_file=str(tmp_path / "none")))


def test_a_house_opens_under_it_writes_it_nowhere_and_refuses_another(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "key"
    file.write_bytes(KEY)
    given = settings(data, server_key_file=str(file))
    House(given).close()
    assert not (data / "server.key").exists()
    House(settings(data, server_key=KEY.hex())).close()
    looks = {look.what: look for look in examine(given)}
    assert (looks["server key"].well, looks["keyring"].well) == (True, True)
    assert str(file) in looks["server key"].line
    file.write_bytes(bytes(32))
    with pytest.raises(WrongServerKey):
        House(given)


def test_a_child_is_told_where_the_key_is_and_not_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    environment = as_environment(settings(tmp_path / "data", server_key_file=str(tmp_path / "key")))
    assert environment["STRONGROOM_SERVER_KEY_FILE"] == str(tmp_path / "key")
    assert KEY.hex() not in "".join(environment.values())


@pytest.mark.parametrize("value", [KEY.hex(), KEY.hex().upper(), f" {KEY.hex()} ", f"0x{KEY.hex()}", KEY.hex()[:-2]])
def test_a_key_in_the_place_of_its_file_is_refused_and_not_told(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^STRONGROOM_SERVER_KEY_FILE: must name a file") as refused:
        load_settings({"STRONGROOM_SERVER_KEY_FILE": value})
    assert KEY.hex()[:8] not in str(refused.value).lower()
    assert load_settings({"STRONGROOM_SERVER_KEY_FILE": f"./{KEY.hex()}"}).server_key_file == f"./{KEY.hex()}"


def test_two_ways_to_give_the_key_are_refused() -> None:
    with pytest.raises(SettingsError, match="both set: give one of them"):
        load_settings({"STRONGROOM_SERVER_KEY": KEY.hex(), "STRONGROOM_SERVER_KEY_FILE": "/run/key"})
