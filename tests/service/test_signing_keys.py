"""The key, the name and the files of a signed log: lost, damaged, of another log, begun anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from eventstore.checkpoint import Checkpoint
from eventstore.note import Note, SignerKey, parse_key
from projections.runner import Projector
from service.house import log_key
from service.house.house import House
from service.house.log_key import LogRefused, names_used
from service.machine.config import load_settings
from service.machine.layout import replace_file
from service.signing.begin_anew import begin_anew
from service.signing.continuity import require_history
from service.signing.signing import Signing
from service.upkeep import projecting
from tests import builders
from tests.service.logs import (
    copy_log,
    files_of,
    grow,
    put_log_back,
    refused,
    reopened,
    rows_root,
    sign,
    signer_of,
    spoil,
    verified,
)
from tests.waiting import wait_for

RESTORED = r"put the newer events\.db back .* `strongroom log begin-anew`"

# -- files that are missing or not what they were ------------------------------------------------------------------


def test_what_was_signed_is_known_from_what_was_published_if_its_own_file_is_lost(house: House) -> None:
    grow(house, 300)
    newest = sign(house)
    for spoilt in (None, b"", b"nonsense", b"a\n1\n\n\n"):
        spoil(house.layout.signed, spoilt)
        grow(house, 1)
        newest = sign(house)
        assert newest == verified(house.layout, "signed")
    assert newest.size == 304


def test_an_older_copy_of_what_was_signed_does_not_hide_what_was_published(house: House, tmp_path: Path) -> None:
    grow(house, 300)
    copy_log(house.layout, tmp_path / "old.db")
    sign(house)
    older = house.layout.signed.read_bytes()
    grow(house, 300)
    sign(house)
    house.layout.signed.write_bytes(older)
    put_log_back(house.layout, tmp_path / "old.db")
    refused(house, "the log ends at 300, but 600")


def test_a_checkpoint_that_is_lost_is_published_again(house: House) -> None:
    grow(house, 300)
    newest = sign(house)
    for spoilt in (None, b"", b"nonsense"):
        spoil(house.layout.checkpoint, spoilt)
        assert sign(house) == newest == verified(house.layout)


def test_when_nobody_knows_what_was_signed_nothing_is(house: House) -> None:
    grow(house, 3)
    sign(house)
    house.layout.signed.unlink()
    house.layout.checkpoint.unlink()
    refused(house, "log/signed is missing, and log/checkpoint is missing, so nobody knows what this key has signed")


def test_a_checkpoint_of_another_key_is_not_taken_for_ours(house: House) -> None:
    grow(house, 3)
    sign(house)
    text = verified(house.layout).text
    other = SignerKey(verified(house.layout).origin, bytes(32))
    for name in ("signed", "checkpoint"):
        (house.layout.log / name).write_bytes(Note(text, (other.sign(text),)).encode())
    refused(house, "no known key signed it")


def test_a_signing_key_that_is_gone_is_not_replaced_by_another(house: House) -> None:
    grow(house, 3)
    sign(house)
    house.layout.signing_key.unlink()
    refused(house, "log/signing-key is missing")


@pytest.mark.parametrize("spoilt", [b"", b"\x01\x01", bytes(100)])
def test_a_damaged_signing_key_is_refused(house: House, spoilt: bytes) -> None:
    grow(house, 3)
    sign(house)
    house.layout.signing_key.write_bytes(spoilt)
    refused(house, "log/signing-key does not open")


def test_a_signing_key_from_a_folder_with_another_server_key_is_refused(house: House, tmp_path: Path) -> None:
    grow(house, 3)
    sign(house)
    with closing(House(builders.settings(tmp_path / "other"))) as other:
        shutil.rmtree(other.layout.log)
        shutil.copytree(house.layout.log, other.layout.log)
        refused(other, "from a folder with another server key")


def test_the_public_key_is_written_again_if_it_is_lost_and_never_replaced(house: House) -> None:
    grow(house, 3)
    sign(house)
    public = house.layout.log_key.read_bytes()
    house.layout.log_key.unlink()
    sign(house)
    assert house.layout.log_key.read_bytes() == public
    stranger = SignerKey("strongroom-other", bytes(32)).verifier
    house.layout.log_key.write_text(f"{stranger}\n")
    refused(house, "do not belong together")


@pytest.mark.parametrize("last", ["signed", "signing-key", "key"])
def test_a_crash_while_the_key_is_drawn_leaves_no_log_that_cannot_be_signed(
    house: House, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    grow(house, 3)

    def replaced(path: Path, data: bytes) -> None:
        replace_file(path, data)
        if path.name == last:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(log_key, "replace_file", replaced)
        with pytest.raises(KeyboardInterrupt):
            signer_of(house)
    require_history(house.layout, house.settings)
    assert sign(house) == verified(house.layout)


def test_the_signing_key_lies_sealed_and_closed_to_others(house: House) -> None:
    sign(house)
    assert house.layout.signing_key.stat().st_mode & 0o777 == 0o600
    assert house.layout.log.stat().st_mode & 0o777 == 0o700
    name = verified(house.layout).origin.encode()
    assert name not in house.layout.signing_key.read_bytes()


# -- names ---------------------------------------------------------------------------------------------------------


def test_a_log_has_the_name_of_the_setting_or_one_of_its_own(house: House, tmp_path: Path) -> None:
    assert sign(house).origin.startswith("strongroom-")
    with closing(House(builders.settings(tmp_path / "named", log_origin="vault.example/log"))) as named:
        assert sign(named, origin="vault.example/log").origin == "vault.example/log"
        assert parse_key(named.layout.log_key.read_text().strip()).name == "vault.example/log"


def test_a_log_does_not_change_its_name(house: House) -> None:
    sign(house, origin="one.example")
    with closing(House(builders.settings(house.layout.data, log_origin="two.example"))) as other:
        with pytest.raises(LogRefused, match=r"STRONGROOM_LOG_ORIGIN is two\.example, but .* one\.example: set it"):
            sign(other, origin="two.example")
        with pytest.raises(LogRefused, match="begin-anew"):
            require_history(other.layout, other.settings)
    assert sign(house, origin="one.example").origin == "one.example"


@pytest.mark.parametrize("name", ["a b", "a+b", "x" * 256, "tab\there", "line\n", "é", "\x7f"])
def test_a_name_that_no_note_can_carry_stops_the_start(name: str) -> None:
    with pytest.raises(Exception, match="STRONGROOM_LOG_ORIGIN"):
        load_settings({"STRONGROOM_LOG_ORIGIN": name})


def test_a_second_log_of_one_name_is_not_begun_silently(house: House) -> None:
    grow(house, 3)
    sign(house, origin="one.example")
    shutil.rmtree(house.layout.log)
    house.layout.log.mkdir()
    with structlog.testing.capture_logs() as lines:
        sign(house, origin="one.example")
    (line,) = [line for line in lines if line["event"] == "a new key for a log that has events"]
    assert (line["origin"], line["events"]) == ("one.example", 3)


# -- beginning anew ------------------------------------------------------------------------------------------------


@pytest.fixture
def older(house: House, tmp_path: Path) -> House:
    """600 events were signed, and 300 are left."""
    grow(house, 300)
    copy_log(house.layout, tmp_path / "old.db")
    grow(house, 300)
    sign(house)
    put_log_back(house.layout, tmp_path / "old.db")
    return house


def test_a_history_that_is_cut_off_gets_a_key_and_a_name_of_its_own(older: House) -> None:
    before = files_of(older.layout)
    old = parse_key(older.layout.log_key.read_text().strip())
    with closing(reopened(older)) as house:
        verifier, retired = begin_anew(house)
        assert {f"{retired.name}/{name}": data for name, data in before.items()}.items() <= files_of(
            house.layout
        ).items()
        assert (verifier.name, verifier.public) != (old.name, old.public)
        newest = sign(house)
        assert newest == verified(house.layout) == Checkpoint(verifier.name, 300, rows_root(house, 300))
        assert (house.layout.log / "tile/0/000").read_bytes() == house.log.read_leaves(0, 256)
        require_history(house.layout, house.settings)


def test_two_logs_never_have_one_name(house: House) -> None:
    sign(house, origin="one.example")
    for origin, refuses in (("one.example", True), ("two.example", False)):
        with closing(House(builders.settings(house.layout.data, log_origin=origin))) as again:
            if refuses:
                with pytest.raises(LogRefused, match=r"STRONGROOM_LOG_ORIGIN is still one\.example"):
                    begin_anew(again)
            else:
                assert begin_anew(again)[0].name == "two.example"


@pytest.mark.parametrize("left", ["key", "signing-key", "signed", "checkpoint"])
def test_the_old_name_is_known_by_whatever_is_left(house: House, left: str) -> None:
    sign(house, origin="one.example")
    for name in {"key", "signing-key", "signed", "checkpoint"} - {left}:
        (house.layout.log / name).unlink()
    with (
        closing(House(builders.settings(house.layout.data, log_origin="one.example"))) as again,
        pytest.raises(LogRefused, match=r"STRONGROOM_LOG_ORIGIN is still one\.example"),
    ):
        begin_anew(again)


def test_a_name_of_long_ago_is_not_given_again(house: House) -> None:
    sign(house, origin="one.example")
    for origin in ("two.example", "three.example"):
        with closing(House(builders.settings(house.layout.data, log_origin=origin))) as again:
            begin_anew(again)
    with closing(House(builders.settings(house.layout.data, log_origin="one.example"))) as again:
        with pytest.raises(LogRefused, match="STRONGROOM_LOG_ORIGIN is still"):
            begin_anew(again)
        for name in ("key", "signing-key", "signed", "checkpoint"):
            (again.layout.log / name).unlink(missing_ok=True)
        with pytest.raises(LogRefused, match="as a log before this one was called"):
            sign(again, origin="one.example")


def test_what_was_made_from_the_newer_log_goes_with_it(house: House, tmp_path: Path) -> None:
    ada = builders.person(house, "ada")
    copy_log(house.layout, tmp_path / "old.db")
    lost = builders.started_chat(house, ada)
    project(house)
    assert house.reader.chat(ada.user, lost) is not None
    cursor = house.layout.run / "relay.lock"
    cursor.write_bytes(b"%020d" % house.log.head())
    sign(house)
    put_log_back(house.layout, tmp_path / "old.db")
    with closing(reopened(house)) as again:
        begin_anew(again)
        assert again.reader.position() == 0
        assert cursor.read_bytes() == b""
        kept = [builders.started_chat(again, ada) for _ in range(3)]  # Past where the tables had been.
        project(again)
        assert again.reader.chat(ada.user, lost) is None
        assert all(again.reader.chat(ada.user, chat) is not None for chat in kept)
        assert projecting.check(again) == []


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector, closing(house.open_log()) as log:
        projecting.catch_up(log, projector)


def test_nothing_is_begun_anew_while_somebody_signs(house: House) -> None:
    thread = Signing(house.layout, house.server, "")
    thread.start()
    wait_for(house.layout.checkpoint.exists, "a checkpoint")
    with pytest.raises(LogRefused, match="stop Strongroom first"):
        begin_anew(house)
    thread.stop()


@pytest.mark.parametrize("step", range(6))
def test_beginning_anew_cut_off_in_the_middle_signs_nothing_until_it_is_done(
    older: House, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    before = files_of(older.layout)
    old = verified(older.layout).origin
    rename: Callable[[Path, Path], Path] = Path.rename
    done: list[Path] = []

    def cut_off(path: Path, target: Path) -> Path:
        if older.layout.log not in path.parents:
            return rename(path, target)
        if len(done) == step:
            raise KeyboardInterrupt
        done.append(path)
        return rename(path, target)

    with closing(reopened(older)) as house:
        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", cut_off)
            with pytest.raises(KeyboardInterrupt):
                begin_anew(house)
        with pytest.raises(LogRefused):
            sign(house)
        with pytest.raises(LogRefused):
            require_history(house.layout, house.settings)
        assert old in names_used(house.layout)  # Its name is known to the end, so that it is not given again.
        _, retired = begin_anew(house)
        assert {f"{retired.name}/{name}": data for name, data in before.items()}.items() <= files_of(
            house.layout
        ).items()
        assert list(house.layout.log.glob("retir*")) == [retired]
        assert sign(house).size == 300
