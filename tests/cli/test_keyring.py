"""`strongroom keyring accept`: an older keyring is refused everywhere, until somebody says that there is no other."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from service.house.house import House
from service.management import erasing
from tests import builders
from tests.cli.running import started, strongroom
from tests.service.desks import at_desk


@pytest.fixture
def rolled_back(tmp_path: Path) -> tuple[Path, str]:
    """A data folder with the keyring from before somebody was erased, and who."""
    data = tmp_path / "data"
    with closing(House(builders.settings(data))) as house:
        ada = builders.person(house, "ada")
        shutil.copyfile(house.layout.keyring, tmp_path / "copy")
        at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
        erasing.finish(house, house.log, ada.user)
    shutil.copyfile(tmp_path / "copy", data / "keyring.db")
    return data, ada.user


def test_nothing_starts_on_an_older_keyring_until_it_is_accepted(rolled_back: tuple[Path, str]) -> None:
    data, user = rolled_back
    for words in (("up", "--port", "0"), ("api", "--port", "0"), ("worker",), ("blobs", "check"), ("doctor",)):
        refused = strongroom(*words, "--data", str(data))
        assert refused.returncode == 1, words
        assert "keyring.db is older than what was here" in refused.stdout + refused.stderr
        assert "strongroom keyring accept" in refused.stdout + refused.stderr
    unsure = strongroom("keyring", "accept", "--data", str(data))
    assert (unsure.returncode, "say --yes" in unsure.stderr) == (2, True)
    accepted = started("keyring", "accept", "--yes", "--data", str(data))
    assert accepted.returncode == 0, accepted.stderr
    assert "1 closed ways in" in accepted.stdout
    with closing(House(builders.settings(data))) as house:
        assert house.keyring.account(user) is None


def test_lost_accounts_are_named_and_given_up_only_by_a_word_for_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with closing(House(builders.settings(data))) as house:
        builders.person(house, "ada")
        shutil.copyfile(house.layout.keyring, tmp_path / "copy")
        ben = builders.person(house, "ben")
    shutil.copyfile(tmp_path / "copy", data / "keyring.db")
    (data / "log" / "keyring.mark").unlink()
    refused = strongroom("keyring", "accept", "--yes", "--data", str(data))
    assert refused.returncode == 2
    assert refused.stdout == f"{ben.user}: not in this keyring.db; lost, unless the newer one is put back\n"
    assert "newer keyring.db back" in refused.stderr
    assert "--give-up-lost" in refused.stderr
    accepted = strongroom("keyring", "accept", "--yes", "--give-up-lost", "--data", str(data))
    assert (accepted.returncode, "1 lost accounts are erased" in accepted.stdout) == (0, True)
    House(builders.settings(data)).close()
