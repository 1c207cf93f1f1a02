"""`strongroom invite`: the code and the link, once; what holds, without codes; all of them taken back."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest

from service.house.house import House
from tests import builders
from tests.cli.running import started, strongroom
from vault.keyring_invitations import invitation_tag

ORIGIN = "https://vault.example.org"


@pytest.fixture
def data(tmp_path: Path) -> str:
    with closing(House(builders.settings(tmp_path / "data"))):
        return str(tmp_path / "data")


def test_an_invitation_is_shown_once_listed_without_its_code_and_taken_back(data: str) -> None:
    invited = {"STRONGROOM_REGISTRATION": "invited", "STRONGROOM_PUBLIC_ORIGIN": ORIGIN}
    made = started("invite", "--uses", "3", "--days", "2", "--data", data, **invited)
    assert (made.returncode, made.stderr) == (0, "")
    code, link = made.stdout.splitlines()
    assert re.fullmatch("(?:[0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}", code)
    assert link == f"{ORIGIN}/#invitation={code}"
    with closing(House(builders.settings(Path(data)))) as house:  # As one that runs.
        row = house.keyring.invitation(invitation_tag(code))
        assert row is not None
        assert (row.uses_left, row.expires_at_us - row.created_at_us) == (3, 2 * 86_400_000_000)
        listed = strongroom("invite", "--list", "--data", data)
        assert re.fullmatch(r"made \S+Z, 3 left, until \S+Z\n", listed.stdout)
        assert strongroom("invite", "--revoke-all", "--data", data).stdout == "taken back: 1\n"
        assert house.keyring.invitation(invitation_tag(code)) is None
    assert strongroom("invite", "--list", "--data", data).stdout == "no invitation holds\n"


def test_where_nobody_is_asked_for_one_that_is_said_beside_it(data: str) -> None:
    made = strongroom("invite", "--data", data)
    assert len(made.stdout.splitlines()) == 1
    assert "STRONGROOM_REGISTRATION=invited" in made.stderr


@pytest.mark.parametrize("words", [("--uses", "0"), ("--days", "366"), ("--list", "--revoke-all")])
def test_what_cannot_be_meant_is_wrong_usage(data: str, words: tuple[str, ...]) -> None:
    assert strongroom("invite", *words, "--data", data).returncode == 2
