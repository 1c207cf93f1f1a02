"""Another server key: what opens under it, what no longer does under the old one, and a crash at every step."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from service.accounts.accounts import account_index, load_user
from service.entrance.passwords import prove
from service.house import server_key
from service.house.house import House
from service.machine.layout import Layout
from service.processing.storing import store
from service.signing.continuity import require_history
from service.upkeep import rotating
from service.upkeep.rotating import RotationRefused, rotate
from tests import builders
from tests.builders import Person, blob_bytes
from tests.service.desks import at_desk
from tests.service.keeping import kept, sent
from tests.service.logs import sign
from vault.errors import SealBroken, WrongServerKey
from vault.kdf import ServerKey
from vault.keys import unwrap_for_server


class Killed(BaseException):
    """The process died here."""


class Story:
    """Ada, with a stored file and one that waits in its spool, on a folder that nobody has open."""

    def __init__(self, data: Path) -> None:
        self.settings = builders.settings(data)
        self.layout = Layout(data)
        with closing(House(self.settings)) as house:
            self.ada: Person = builders.person(house, "ada")
            self.stored, self.waiting = kept(house, self.ada, b"stored"), sent(house, self.ada, b"waiting")
            sign(house)
        self.old = self.layout.server_key.read_bytes()

    def rotate(self, given: bytes | None = None) -> None:
        with closing(House(self.settings)) as house:
            rotate(house, given)

    def require_whole(self) -> None:
        """Everything that lies under the server key opens, and nothing was lost."""
        require_history(self.layout, self.settings)
        with closing(House(self.settings)) as house:
            row = house.keyring.find_account(account_index(house, "Ada"))
            assert row is not None
            assert house.keyring.find_account(account_index(house, "ada@example.org")) == row
            at_desk(house, lambda desk: prove(desk, row, self.ada.password))  # WrongPassword.
            user = load_user(house, row)
            assert user is not None
            assert user.username == "ada"
            assert blob_bytes(house, self.ada, self.stored) == b"stored"
            store(house, house.log, self.waiting)
            assert blob_bytes(house, self.ada, self.waiting) == b"waiting"
            sign(house)
        assert verify_folder(self.layout.data, Policy(), lambda _done, _total: None).sound

    def drafts(self) -> list[Path]:
        return [path for path in (self.layout.new_server_key, self.layout.new_signing_key) if path.exists()]


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path / "data")


def dying(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *, after: bool) -> None:
    """The process dies right before, or right after, the next call of a function."""
    real: Callable[..., object] = getattr(module, name)

    def die(*given: object, **named: object) -> None:
        if after:
            real(*given, **named)
        raise Killed

    monkeypatch.setattr(module, name, die)


def test_all_that_was_under_the_old_key_opens_under_the_new_one(story: Story) -> None:
    story.rotate()
    assert story.layout.server_key.read_bytes() != story.old
    assert story.drafts() == []
    story.require_whole()


def test_a_second_rotation_is_as_good_as_the_first(story: Story) -> None:
    story.rotate()
    story.rotate()
    story.require_whole()


def test_the_old_key_opens_nothing_any_more(story: Story) -> None:
    old = ServerKey(story.old)
    story.rotate()
    with closing(House(story.settings)) as house:
        row = house.keyring.account(story.ada.user)
        assert row is not None
        with pytest.raises(SealBroken):
            unwrap_for_server(
                old.purpose("subject"), row.subject_by_server, row.user_id, f"account-{row.user_id}", "subject"
            )
        wrapped = house.keyring.spool_key(story.waiting)
        assert wrapped is not None
        with pytest.raises(SealBroken):
            unwrap_for_server(old.purpose("spool"), wrapped, row.user_id, f"file-{story.waiting}", "spool")
        assert house.keyring.find_account(server_key.keyed_index(old, "account", "ada")) is None
    story.layout.server_key.write_bytes(story.old)
    with pytest.raises(WrongServerKey):
        House(story.settings)


def test_no_byte_of_the_old_key_is_left_in_the_folder(story: Story) -> None:
    story.rotate()
    assert [path for path in story.layout.data.rglob("*") if path.is_file() and story.old in path.read_bytes()] == []


STEPS = [
    (module, name, after)
    for module, name in (
        (rotating, "reseal_signer"),
        (rotating, "replace_file"),
        (rotating, "rewrap"),
        (rotating, "raise_mark"),
        (server_key, "take_new_signing_key"),
        (server_key, "destroy_file"),
        (server_key, "sync_folder"),
    )
    for after in (False, True)
]


@pytest.mark.parametrize(("module", "name", "after"), STEPS, ids=lambda part: getattr(part, "__name__", str(part)))
def test_a_crash_leaves_the_old_key_or_the_new_one(
    story: Story, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, after: bool
) -> None:
    with monkeypatch.context() as patched, closing(House(story.settings)) as house:
        dying(patched, module, name, after=after)
        with pytest.raises(Killed):
            rotate(house, None)
    story.require_whole()
    story.rotate()
    assert story.drafts() == []
    story.require_whole()


def test_a_crash_within_the_commit_leaves_the_old_key(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, closing(House(story.settings)) as house:
        dying(patched, rotating._Rotation, "_upload", after=True)
        with pytest.raises(Killed):
            rotate(house, None)
    assert story.layout.server_key.read_bytes() == story.old
    story.require_whole()


def test_a_key_from_outside_is_replaced_by_one_from_outside(story: Story) -> None:
    new = os.urandom(32)
    story.layout.server_key.unlink()
    story.settings = builders.settings(story.layout.data, server_key=story.old.hex())
    story.rotate(new)
    assert not story.layout.new_server_key.exists()
    with pytest.raises(WrongServerKey):
        House(story.settings)
    story.settings = builders.settings(story.layout.data, server_key=new.hex())
    story.require_whole()


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_with_a_key_from_outside(story: Story, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    new = os.urandom(32)
    story.layout.server_key.unlink()
    story.settings = builders.settings(story.layout.data, server_key=story.old.hex())
    with monkeypatch.context() as patched, closing(House(story.settings)) as house:
        dying(patched, rotating, "rewrap", after=after)
        with pytest.raises(Killed):
            rotate(house, new)
    story.settings = builders.settings(story.layout.data, server_key=(new if after else story.old).hex())
    story.require_whole()


def test_it_waits_for_nobody_who_has_the_folder_open(story: Story) -> None:
    with (
        closing(House(story.settings)) as house,
        closing(House(story.settings)),
        pytest.raises(RotationRefused, match="stop it first"),
    ):
        rotate(house, None)
    story.require_whole()


def test_the_same_key_again_is_refused(story: Story) -> None:
    with closing(House(story.settings)) as house, pytest.raises(RotationRefused, match="draw another"):
        rotate(house, story.old)


def test_a_name_that_does_not_open_stops_it_with_nothing_changed(story: Story) -> None:
    with closing(House(story.settings)) as house, house.keyring._transaction() as write:
        write.execute("UPDATE account SET subject_by_server = x'00'")
    with pytest.raises(RotationRefused, match=story.ada.user):
        story.rotate()
    assert story.layout.server_key.read_bytes() == story.old
    House(story.settings).close()


def test_an_address_that_the_log_has_not_heard_of_is_found_after_it(story: Story) -> None:
    from domain.events import Identity
    from service.accounts.accounts import subject_key
    from service.management import emails

    with closing(House(story.settings)) as house:
        row = house.keyring.account(story.ada.user)
        assert row is not None
        sealed = emails._seal(row.user_id, subject_key(house, row), Identity("ada", "new@example.org"))
        index = account_index(house, "new@example.org")
        house.keyring.change_email(row.user_id, row.password_verifier, index, sealed)
    story.rotate()
    with closing(House(story.settings)) as house:
        assert house.keyring.find_account(account_index(house, "new@example.org")) is not None
        assert house.keyring.find_account(account_index(house, "ada@example.org")) is None


# -- a server.key that cannot be replaced ------------------------------------------------------------------------


def test_a_key_that_is_a_link_is_refused_before_anything_is_changed(story: Story, tmp_path: Path) -> None:
    """A mounted secret: it cannot be overwritten, and after the commit nobody could start."""
    story.layout.server_key.rename(tmp_path / "secret")
    story.layout.server_key.symlink_to(tmp_path / "secret")
    with pytest.raises(RotationRefused, match="plain file"):
        story.rotate()
    assert story.drafts() == []
    story.require_whole()


def test_an_old_key_that_cannot_be_destroyed_keeps_nobody_from_starting(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(server_key, "destroy_file", refuse)
        with pytest.raises(RuntimeError, match=r"used from there: the old one could not be overwritten"):
            story.rotate()
        story.require_whole()
    story.require_whole()
    assert story.drafts() == []
