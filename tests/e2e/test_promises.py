"""What Strongroom promises, each shown against somebody who has everything but what was destroyed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from service.entrance import passwords
from service.files import chats, files
from service.house.forgetting import finish_chat
from service.house.house import House
from service.management import erasing
from service.processing.analysing import analyse
from service.processing.storing import store
from service.upkeep.sweep import first_sweep
from service.uploads import pending
from service.uploads.upload_words import Words
from tests import builders
from tests.builders import Person
from tests.e2e.canaries import contents, leaks
from tests.e2e.thief import Known, Thief
from tests.media_made import tone_wav
from tests.service.desks import at_desk
from tests.service.logs import sign
from tests.service.test_erasing import project
from tests.service.test_moment import as_of, texts
from tests.service.test_user_data import told
from vault.pending import Form


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody's data of every kind, on a folder that is at rest."""

    house: House
    ada: Person
    known: Known
    chat_id: str
    doomed: tuple[str, ...]  # Files of the chat: a voice with what was derived from it, one still in its spool.
    alone: str  # A file of no chat.
    kept_chat: str
    kept_file: str
    canaries: tuple[str, ...]

    def copied(self, to: Path) -> Path:
        """Every file of the data folder as it lies there, write-ahead logs and journals among them."""
        shutil.copytree(self.house.layout.data, to, ignore=shutil.ignore_patterns("run"))
        return to


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with closing(House(builders.settings(tmp_path / "data"))) as house:
        words = [
            f"canary-{what}-{os.urandom(6).hex()}" for what in ("name", "title", "words", "file", "voice", "bytes")
        ]
        name, title, said, file_name, voice_name, mark = words
        ada = builders.person(house, name)
        code = at_desk(house, lambda desk: passwords.issue_code(desk, ada.who, ada.password, None)).recovery_code
        chat_id = told(house, ada, said, chat_id=builders.started_chat(house, ada, title))
        voice = builders.uploaded_file(house, ada, tone_wav(), name=voice_name, kind="audio", chat_id=chat_id)
        alone = builders.uploaded_file(house, ada, mark.encode() * 50, name=file_name)
        kept_file = builders.uploaded_file(house, ada, b"stays")
        for file_id in (voice, alone, kept_file):
            store(house, house.log, file_id)
        analyse(house, house.log, voice)
        waiting = builders.uploaded_file(house, ada, mark.encode() * 3, name=voice_name, chat_id=chat_id)
        kept_chat = told(house, ada, "these words stay")
        at_desk(house, lambda desk: pending.create(desk, ada.who, Words(name=file_name), 100, Form.WHOLE, None))
        assert (house.layout.blob_file(voice, "waveform")).exists()
        known = Known(ada.user, house.layout.server_key.read_bytes(), ada.password, code, (ada.token,))
        yield Scene(house, ada, known, chat_id, (voice, waiting), alone, kept_chat, kept_file, tuple(words))


def message_streams(house: House, user: str, chat_id: str) -> list[str]:
    envelopes = [record.envelope for record in house.log.read_user(user, 0, 500)]
    return [each.stream for each in envelopes if each.type == "MessageSent" and each.public["chat"] == chat_id]


def test_promise_3_nothing_readable_at_rest_without_what_the_person_knows(scene: Scene, tmp_path: Path) -> None:
    stolen = scene.copied(tmp_path / "stolen")
    assert leaks(scene.canaries, contents(stolen)) == []
    ignorant = knowing_nothing(scene.known)
    thief = Thief(stolen, ignorant)
    streams = [*message_streams(scene.house, scene.ada.user, scene.chat_id), f"chat-{scene.chat_id}"]
    assert thief.sealed_events(streams)
    assert thief.opened_events([*streams, *(f"file-{each}" for each in (*scene.doomed, scene.alone))]) == []


def knowing_nothing(known: Known) -> Known:
    return Known(known.user, known.server, "not her password at all", "0000-" * 7 + "0000", (bytes(32),))


@pytest.mark.parametrize("what", ["file", "chat", "account"])
def test_promise_4_forgetting_is_real_for_who_has_every_key_that_is_left(
    scene: Scene, tmp_path: Path, what: str
) -> None:
    house, ada = scene.house, scene.ada
    streams, file_ids = doomed(scene, what)
    before = Thief(scene.copied(tmp_path / "before"), scene.known)
    sealed = before.sealed_events(streams)
    assert len(before.opened_events(streams)) == len(sealed) > 0  # With everything in hand, all of it opens.
    assert len(before.opened_bytes(before.layout, file_ids)) >= len(file_ids) > 0
    wraps = before.wraps(streams, account=what == "account")
    assert leaks(wraps, {"the keyring": before.layout.keyring.read_bytes()})
    then = house.log.head()

    forget(scene, what)

    after = Thief(scene.copied(tmp_path / "after"), scene.known)
    assert after.sealed_events(streams)[: len(sealed)] == sealed  # The log has lost nothing,
    assert after.opened_events(streams) == []  # and nothing of it opens,
    assert after.opened_bytes(after.layout, file_ids) == []
    assert after.opened_bytes(before.layout, file_ids) == []  # nor what was copied of it before.
    assert leaks([*wraps, *scene.canaries], contents(after.layout.data)) == []
    assert not any(path.name.partition(".")[0] in file_ids for path in after.layout.data.rglob("*"))
    assert verify_folder(house.layout.data, Policy(), lambda _done, _total: None).sound
    if what == "account":
        assert after.keys == Thief(after.layout.data, knowing_nothing(scene.known)).keys
        assert house.pending.claimed_bytes(ada.user) == 0
        return
    seen = as_of(house, ada, then)
    assert "these words stay" in texts(seen)
    assert not any(canary in text for text in texts(seen) for canary in canaries_of(scene, what))
    assert builders.blob_bytes(house, ada, scene.kept_file) == b"stays"


def doomed(scene: Scene, what: str) -> tuple[list[str], list[str]]:
    """Streams whose private parts go, and files whose bytes do."""
    of_chat = [f"chat-{scene.chat_id}", *message_streams(scene.house, scene.ada.user, scene.chat_id)]
    match what:
        case "file":
            return [f"file-{scene.alone}"], [scene.alone]
        case "chat":
            return [*of_chat, *(f"file-{file_id}" for file_id in scene.doomed)], list(scene.doomed)
        case _:
            records = scene.house.log.read_user(scene.ada.user, 0, 500)
            everything = list(dict.fromkeys(record.envelope.stream for record in records))
            return everything, [*scene.doomed, scene.alone, scene.kept_file]


def canaries_of(scene: Scene, what: str) -> tuple[str, ...]:
    _, title, said, _, voice, _ = scene.canaries
    return scene.canaries[3:4] if what == "file" else (title, said, voice)


def forget(scene: Scene, what: str) -> None:
    """As the API and the worker do it, to the end; then the log is signed."""
    house, ada = scene.house, scene.ada
    match what:
        case "file":
            at_desk(house, lambda desk: files.delete(desk, ada.who, scene.alone))
        case "chat":
            at_desk(house, lambda desk: chats.delete(desk, ada.who, scene.chat_id))
            project(house)
            assert finish_chat(house, house.log, scene.chat_id)
        case _:
            at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
            assert erasing.finish(house, house.log, ada.user)
    project(house)
    first_sweep(house)  # Nothing is left for it to undo.
    sign(house)
