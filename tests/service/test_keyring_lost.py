"""A folder whose log has accounts and whose keyring has none: it is opened by nobody, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from service.house.house import House
from service.machine.config import Settings
from service.machine.layout import Layout
from service.management import erasing
from service.upkeep.keyring_age import require_keyring
from tests import builders
from tests.service.desks import at_desk
from tests.service.keeping import kept
from vault.errors import KeyringLost


def removed(layout: Layout) -> None:
    layout.keyring.unlink()


def cut_to_nothing(layout: Layout) -> None:
    layout.keyring.write_bytes(b"")


def without_accounts(layout: Layout) -> None:
    """As a start on the folder would have made it once."""
    with closing(apsw.Connection(str(layout.keyring))) as keyring:
        keyring.execute("DELETE FROM account")


def settled(settings: Settings) -> tuple[Layout, bytes, list[Path]]:
    """A folder with a person and a stored file: its keyring, and its blobs."""
    with closing(House(settings)) as house:
        kept(house, builders.person(house, "ada"), b"stays")
        layout = house.layout
    return layout, layout.keyring.read_bytes(), [path for path in layout.blobs.rglob("*") if path.is_file()]


@pytest.mark.parametrize("lose", [removed, cut_to_nothing, without_accounts])
@pytest.mark.parametrize("mark", [True, False])
def test_it_is_refused_at_every_start_until_the_keyring_is_back(
    tmp_path: Path, lose: Callable[[Layout], None], *, mark: bool
) -> None:
    settings = builders.settings(tmp_path / "data")
    layout, keyring, blobs = settled(settings)
    lose(layout)
    if not mark:
        layout.keyring_mark.unlink()
    lost = layout.keyring.read_bytes() if layout.keyring.exists() else None
    for _ in range(2):
        with pytest.raises(KeyringLost):
            require_keyring(layout, settings)
        for older in (False, True):  # Nor may an empty keyring be accepted: the sweep that follows would take all.
            with pytest.raises(KeyringLost, match=r"keyring\.db back"):
                House(settings, older_keyring=older)
    assert (layout.keyring.read_bytes() if layout.keyring.exists() else None) == lost
    assert all(blob.exists() for blob in blobs)
    layout.keyring.write_bytes(keyring)
    require_keyring(layout, settings)
    with closing(House(settings)) as house:
        assert len(house.keyring.account_ids("", 2)) == 1


def test_no_server_key_is_made_for_it_either(tmp_path: Path) -> None:
    settings = builders.settings(tmp_path / "data")
    layout, _, _ = settled(settings)
    for path in (layout.keyring, layout.keyring_mark, layout.server_key):
        path.unlink()
    with pytest.raises(KeyringLost):
        House(settings)
    assert not layout.server_key.exists()


def test_a_folder_whose_last_account_was_erased_starts(tmp_path: Path) -> None:
    settings = builders.settings(tmp_path / "data")
    with closing(House(settings)) as house:
        ada = builders.person(house, "ada")
        at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
        layout = house.layout
    require_keyring(layout, settings)
    House(settings).close()


def test_accounts_are_looked_for_only_where_the_mark_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = builders.settings(tmp_path / "data")
    settled(settings)
    monkeypatch.setattr("service.house.keyring_lost.lost_accounts", None)
    House(settings).close()
