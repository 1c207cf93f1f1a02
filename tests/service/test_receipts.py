"""Receipts: what they say, when there is one, and that nobody takes one for a checkpoint."""

from __future__ import annotations

import re

import falcon.testing
import pytest

from domain.errors import NotFound
from domain.events import ErasureRequested
from eventstore.checkpoint import parse_checkpoint
from eventstore.note import NoteInvalid, SignerKey, parse_key, parse_note, verify_note
from eventstore.record import Append
from service.desk.desk import Desk
from service.files import chats, files
from service.house.facts import to_records
from service.house.forgetting import finish_chat
from service.house.house import House
from service.house.keychain import new_stream
from service.machine.ids import new_id
from service.management import erasing, receipts
from service.management.receipts import NotDone, find_erasure, require_gone, sign_receipt, text_of
from tests import builders
from tests.api.asking import conducted, problem
from tests.auditor.notes import Checkpoint, Note, VerifierKey, decode_base64
from tests.auditor.refusal import Refused
from tests.auditor.tree import leaf_hash
from tests.builders import Person
from tests.service.desks import at_desk
from tests.service.keeping import kept, say_deleted
from tests.service.logs import sign
from tests.service.test_erasing import project

SIGNER = SignerKey("log.example", bytes(range(32)))


def fetch(house: House, position: int | str) -> falcon.testing.Result:
    """Without credentials."""

    async def story(desk: Desk) -> falcon.testing.Result:
        async with conducted(desk) as conductor:
            return await conductor.simulate_get(f"/log/receipt/{position}")
        raise AssertionError("the app's shutdown swallowed the answer")

    return at_desk(house, story)


def deleted_chat(house: House, ada: Person) -> tuple[int, str, list[str]]:
    """Position of the deletion, the chat, and its files; all is done."""
    chat_id = builders.started_chat(house, ada)
    hers = [builders.uploaded_file(house, ada, b"%d" % number, chat_id=chat_id) for number in range(3)]
    position = builders.deleted_chat(house, ada, chat_id)
    project(house)
    assert finish_chat(house, house.log, chat_id)
    return position, chat_id, hers


def lines(house: House, position: int, days: int = 30) -> list[str]:
    return text_of(find_erasure(house.log, position), "log.example", days).splitlines()


# -- what they say -----------------------------------------------------------------------------------------------


def test_of_a_file_it_names_the_two_events_and_nothing_else(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"gone")
    position = at_desk(house, lambda desk: files.delete(desk, ada.who, file_id))
    said = lines(house, position)
    asked, done = house.log.read_stream(f"file-{file_id}")[-2:]
    assert said[:4] == [receipts.HEADER, "log log.example", "erased file", f"stream file-{file_id}"]
    assert [line.split()[:2] for line in said[4:6]] == [["asked", str(asked.position)], ["done", str(done.position)]]
    assert said[6] == f"covered by every checkpoint of {done.position} events or more"
    assert len(said) == 8


def test_the_hashes_in_it_are_the_leaves_of_the_log(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"gone")
    position = at_desk(house, lambda desk: files.delete(desk, ada.who, file_id))
    for line in lines(house, position)[4:6]:
        _, at, _, encoded = line.split()
        (entry,) = house.log.read_entries(int(at) - 1, 1)
        assert decode_base64(encoded) == leaf_hash(entry)


def test_of_a_chat_it_names_the_files_that_went_with_it(house: House, ada: Person) -> None:
    chat_id = builders.started_chat(house, ada)
    hers = [builders.uploaded_file(house, ada, b"%d" % number, chat_id=chat_id) for number in range(3)]
    before = hers.pop()
    at_desk(house, lambda desk: files.delete(desk, ada.who, before))
    position = builders.deleted_chat(house, ada, chat_id)
    elsewhere = kept(house, ada, b"elsewhere")
    at_desk(house, lambda desk: files.delete(desk, ada.who, elsewhere))
    project(house)
    assert finish_chat(house, house.log, chat_id)
    said = lines(house, position)
    assert said[2] == "erased chat"
    assert [line for line in said if line.startswith("stream ")] == [
        f"stream chat-{chat_id}",
        *(f"stream file-{file_id}" for file_id in hers),
    ]


@pytest.mark.parametrize(("bound", "value"), [("FILES_NAMED", 2), ("EVENTS_SCANNED", 5)])
def test_of_a_chat_with_very_many_files_it_names_some_and_says_so(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    position, _, hers = deleted_chat(house, ada)
    monkeypatch.setattr(receipts, bound, value)
    said = lines(house, position)
    assert 1 <= sum(line.startswith("stream file-") for line in said) < len(hers)
    assert any(line.startswith("more files of the chat") for line in said)


def test_of_an_account_it_says_how_much_of_it_the_log_has(house: House, ada: Person) -> None:
    ben = builders.person(house, "ben")
    kept(house, ada, b"gone")
    kept(house, ben, b"stays")
    position = at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
    erasing.finish(house, house.log, ada.user)
    said = lines(house, position)
    hers = house.log.read_user(ada.user, 0, 100)
    assert said[2:5] == [
        "erased account",
        f"stream account-{ada.user}",
        f"events {len(hers)} from {hers[0].position} to {hers[-1].position}",
    ]


def test_it_is_the_same_for_either_event_and_at_any_time(house: House, ada: Person) -> None:
    position, chat_id, _ = deleted_chat(house, ada)
    done = house.log.read_stream(f"chat-{chat_id}")[-1].position
    first = sign_receipt(find_erasure(house.log, position), SIGNER, 30).encode()
    kept(house, ada, b"something else")
    assert sign_receipt(find_erasure(house.log, done), SIGNER, 30).encode() == first


def test_it_says_until_when_backups_are_kept(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"gone")
    position = at_desk(house, lambda desk: files.delete(desk, ada.who, file_id))
    day = re.compile(r"backups of keys are gone by (\d{4}-\d\d-\d\d)T")
    at_once, later = (day.match(lines(house, position, days)[-1]) for days in (0, 1))
    assert at_once is not None
    assert later is not None
    assert at_once[1] < later[1]


def test_what_went_with_the_account_is_told_by_the_accounts_receipt(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"cut off")
    say_deleted(house, ada, file_id)
    deleted_at = house.log.head()
    asked_at = at_desk(house, lambda desk: erasing.erase(desk, ada.who, ada.password))
    with pytest.raises(NotDone):
        find_erasure(house.log, deleted_at)
    erasing.finish(house, house.log, ada.user)
    assert lines(house, deleted_at) == lines(house, asked_at)


# -- when there is one -------------------------------------------------------------------------------------------


def test_an_event_that_erases_nothing_has_none(house: House, ada: Person) -> None:
    builders.started_chat(house, ada)
    for position in (0, 1, house.log.head(), house.log.head() + 1, 2**63 - 1):
        with pytest.raises(NotFound):
            find_erasure(house.log, position)


def test_there_is_none_before_all_is_done(house: House, ada: Person) -> None:
    chat_id = builders.started_chat(house, ada)
    at_desk(house, lambda desk: chats.delete(desk, ada.who, chat_id))
    with pytest.raises(NotDone):
        find_erasure(house.log, house.log.head())
    request = to_records(ada.user, f"account-{ada.user}", 2, (ErasureRequested(),))
    with pytest.raises(NotDone):
        find_erasure(house.log, house.writer.append(Append(request)).last)


def test_anybody_fetches_it_once_a_published_checkpoint_covers_it(house: House, ada: Person) -> None:
    sign(house)
    position, chat_id, _ = deleted_chat(house, ada)
    answer = fetch(house, position)
    problem(answer, 503, "not_ready")
    assert answer.headers["retry-after"] == "2"
    sign(house)
    answer = fetch(house, position)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.headers["access-control-allow-origin"] == "*"
    done = house.log.read_stream(f"chat-{chat_id}")[-1].position
    assert fetch(house, done).content == answer.content
    key = VerifierKey.parse((house.layout.log / "key").read_text().removesuffix("\n"))
    note = Note.parse(answer.content)
    note.require_signed(key)
    assert note.text.splitlines()[:3] == [receipts.HEADER, f"log {key.name}", "erased chat"]


@pytest.mark.parametrize("text", ["0", "01", "-1", "x", "1" * 20, "9223372036854775807", "1.5", "%31%00"])
def test_what_is_no_position_of_an_erasure_is_not_found(house: House, ada: Person, text: str) -> None:
    sign(house)
    problem(fetch(house, text), 404, "not_found")


def test_nothing_is_signed_that_does_not_hold(house: House, ada: Person) -> None:
    position, chat_id, _ = deleted_chat(house, ada)
    sign(house)
    _, wrapped = new_stream(ada.who, f"chat-{chat_id}")
    house.keyring.add_stream_key(f"chat-{chat_id}", ada.user, wrapped, 1)  # Out of an older copy.
    problem(fetch(house, position), 503, "not_ready")


def test_a_key_that_cannot_be_had_signs_nothing(house: House, ada: Person) -> None:
    position, _, _ = deleted_chat(house, ada)
    sign(house)
    house.layout.signing_key.write_bytes(b"damaged")
    problem(fetch(house, position), 503, "not_ready")


# -- what it is not ----------------------------------------------------------------------------------------------


def test_nobody_takes_it_for_a_checkpoint(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"gone")
    position = at_desk(house, lambda desk: files.delete(desk, ada.who, file_id))
    data = sign_receipt(find_erasure(house.log, position), SIGNER, 30).encode()
    key = parse_key(str(SIGNER.verifier))
    verify_note(parse_note(data), [key])
    with pytest.raises(NoteInvalid):
        parse_checkpoint(parse_note(data).text)
    with pytest.raises(Refused):
        Checkpoint.open(data, VerifierKey.parse(str(key)))
    with pytest.raises(NoteInvalid):  # No log can be called what its first line says.
        SignerKey(receipts.HEADER, bytes(32))


def test_another_text_is_not_what_was_signed(house: House, ada: Person) -> None:
    file_id = kept(house, ada, b"gone")
    position = at_desk(house, lambda desk: files.delete(desk, ada.who, file_id))
    data = sign_receipt(find_erasure(house.log, position), SIGNER, 30).encode()
    with pytest.raises(NoteInvalid):
        verify_note(parse_note(data.replace(file_id.encode(), ada.user.encode())), [SIGNER.verifier])


# -- what does not hold is not signed ----------------------------------------------------------------------------


def test_none_while_a_key_of_the_chat_is_back_even_of_a_file_that_it_does_not_name(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    position, chat_id, hers = deleted_chat(house, ada)
    monkeypatch.setattr(receipts, "FILES_NAMED", 1)
    monkeypatch.setattr(receipts, "PAGE", 2)
    erasure = find_erasure(house.log, position)
    require_gone(house, house.log, erasure)
    (unnamed, *_) = [file_id for file_id in hers if f"file-{file_id}" not in erasure.streams]
    for stream, chat in ((f"file-{unnamed}", None), (f"message-{new_id()}", f"chat-{chat_id}")):
        with house.keyring._transaction() as write:
            write.execute("INSERT INTO stream_key VALUES (?, ?, x'00', 0, 1, ?)", (stream, ada.user, chat))
        with pytest.raises(NotDone):
            require_gone(house, house.log, erasure)
        house.keyring.forget([stream])
    require_gone(house, house.log, erasure)
