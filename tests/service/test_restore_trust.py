"""Putting backups back: whom it believes, what must not come back to life, and what is damaged."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from service.backup.errors import BackupBroken, BackupRefused
from service.backup.taking import Taken
from service.house.house import House
from tests import builders
from tests.builders import Person
from tests.service.backing_up import back_up, flip, forged, living, names, nothing_came_of_it, put_back, rows
from tests.service.keeping import kept, sent
from tests.service.logs import sign, verified
from vault.kdf import ServerKey


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def taken(house: House, ada: Person, target: Path) -> Taken:
    """Of a signed log with a stored file and one that waits."""
    kept(house, ada, b"stored")
    sent(house, ada, b"waiting")
    sign(house)
    return back_up(house, target)


# -- which history it is ---------------------------------------------------------------------------------------


def test_what_nobody_had_signed_is_put_back_as_a_log_of_its_own_or_not_at_all(
    house: House, ada: Person, target: Path, tmp_path: Path
) -> None:
    """It may have been signed since, under a key that this backup has not."""
    kept(house, ada, b"stored")
    head = back_up(house, target).log_size
    builders.started_chat(house, ada)
    sign(house)
    since = house.layout.signed.read_bytes()
    for given in (None, since):
        with pytest.raises(BackupRefused, match="--begin-anew"):
            put_back(house, target, tmp_path / "anew", since=given)
    nothing_came_of_it(tmp_path / "anew")
    said = put_back(house, target, tmp_path / "anew", since=since, begin_anew=True)
    assert (said.signs, said.lost) == (True, house.log.head() - head)
    with living(tmp_path / "anew") as anew:
        sign(anew)


def test_a_checkpoint_older_than_the_backups_own_is_not_the_newest(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    older = house.layout.signed.read_bytes()
    builders.started_chat(house, ada)
    sign(house)
    back_up(house, target)
    with pytest.raises(BackupRefused, match="not the newest"):
        put_back(house, target, tmp_path / "anew", since=older)
    nothing_came_of_it(tmp_path / "anew")


def test_a_name_that_the_log_had_is_refused_before_anything_is_copied(
    house: House, taken: Taken, target: Path, tmp_path: Path
) -> None:
    settings = builders.settings(tmp_path / "anew", log_origin=verified(house.layout).origin)
    with pytest.raises(BackupRefused, match="STRONGROOM_LOG_ORIGIN"):
        put_back(house, target, tmp_path / "anew", settings=settings, begin_anew=True)


# -- what only the server key vouches for ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["data", "keys"])
def test_a_manifest_that_somebody_else_wrote_is_refused(
    house: House, taken: Taken, target: Path, tmp_path: Path, kind: str
) -> None:
    """A log cut short and called unsigned, a keyring without its second factors: all hashes would be right."""
    folder = taken.folder if kind == "data" else taken.keyring
    forged(folder, kind, lambda manifest: msgspec.structs.replace(manifest, signed=-1), ServerKey(b"x" * 32))
    with pytest.raises(BackupRefused, match="not written under this server key"):
        put_back(house, target, tmp_path / "anew")
    nothing_came_of_it(tmp_path / "anew")


def test_read_tables_are_made_anew_and_none_of_a_backup_counts(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    assert not [name for name in names(taken.folder) if "projections" in name]
    put_back(house, target, tmp_path / "anew")
    with living(tmp_path / "anew") as anew:
        assert anew.reader.position() == taken.log_size


# -- what must not come back -------------------------------------------------------------------------------------


def test_nobody_is_signed_in_after_a_restore(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    """A session that was closed after the backup would open it again, and nobody would know."""
    house.keyring.drop_session(ada.who.session_id, ada.user)
    said = put_back(house, target, tmp_path / "anew")
    assert said.ways_in == 1
    with living(tmp_path / "anew") as anew:
        assert anew.keyring.session_ids("", 10) == []
    put_back(house, target, tmp_path / "moved", as_it_was=True)
    with living(tmp_path / "moved") as moved:
        assert moved.keyring.session_ids("", 10) == [ada.who.session_id]


def test_who_was_erased_since_does_not_come_back(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    ben = builders.person(house, "ben")
    chat = builders.started_chat(house, ben)
    older = back_up(house, target)
    house.keyring.drop_account(ada.user)
    house.keyring.forget([f"chat-{chat}"])
    back_up(house, target)
    said = put_back(house, target, tmp_path / "anew", generation=older.name)
    assert (said.keyring, said.gone.accounts, said.gone.streams) == (older.name, 1, 1)
    with living(tmp_path / "anew") as anew:
        assert anew.keyring.account_ids("", 10) == [ben.user]
        assert anew.keyring.stream_key(f"chat-{chat}", ben.user) is None
    assert not list((tmp_path / "anew" / "blobs").rglob("*.blob"))
    put_back(house, target, tmp_path / "was", generation=older.name, as_it_was=True)
    with living(tmp_path / "was") as was:
        assert sorted(was.keyring.account_ids("", 10)) == sorted([ada.user, ben.user])


def test_a_newer_keyring_that_cannot_be_believed_stops_it(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    newer = back_up(house, target)
    forged(newer.keyring, "keys", lambda manifest: manifest, ServerKey(b"x" * 32))
    with pytest.raises(BackupRefused, match="who was erased since"):
        put_back(house, target, tmp_path / "anew", generation=taken.name)


# -- what is damaged, and what is sound --------------------------------------------------------------------------


def test_all_that_is_sound_can_be_put_back_without_the_rest(
    house: House, ada: Person, taken: Taken, target: Path, tmp_path: Path
) -> None:
    whole = kept(house, ada, b"whole")
    latest = back_up(house, target)
    for path in latest.folder.rglob("*.blob"):
        if whole not in path.name:
            flip(path)
    (spool,) = (latest.folder / "spool").iterdir()
    spool.unlink()
    with pytest.raises(BackupBroken, match=r"1 more\. --without-damaged"):
        put_back(house, target, tmp_path / "anew")
    nothing_came_of_it(tmp_path / "anew")
    said = put_back(house, target, tmp_path / "anew", without_damaged=True)
    assert said.blobs == 1
    assert any("its hash is another" in fault for fault in said.faults)
    assert any(spool.name in fault for fault in said.faults)
    with living(tmp_path / "anew") as anew:
        assert rows(anew) == rows(house)[: latest.log_size]
        assert builders.blob_bytes(anew, ada, whole) == b"whole"


def test_an_upload_that_was_retried_and_is_lost_is_told(
    house: House, ada: Person, target: Path, tmp_path: Path
) -> None:
    """Whatever came last in its stream: what counts is whether its bytes are still to be stored."""
    waits = sent(house, ada, b"waiting")
    house.layout.spool_file(waits).unlink()
    sign(house)
    back_up(house, target)
    assert [waits in fault for fault in put_back(house, target, tmp_path / "anew").faults] == [True]


def test_a_mount_point_is_refused_before_anything_is_copied(
    house: House, taken: Taken, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mounted").mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path.name == "mounted")
    with pytest.raises(BackupRefused, match="name a folder in it"):
        put_back(house, target, tmp_path / "mounted")
