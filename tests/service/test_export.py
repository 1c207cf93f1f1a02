"""An export: all of it, of one moment, told before its first byte, and nothing left out without a name."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from domain.errors import BadCredentials, UnderWay
from domain.events import DataExported
from service.desk.desk import Desk
from service.export import export
from service.export.sending import Sending
from service.files import chats, files, messages
from service.house.facts import to_fact
from service.house.house import House
from service.machine.errors import Busy, StorageFull
from tests.auditor.notes import VerifierKey
from tests.auditor.proofs import check_proof
from tests.builders import Person, person
from tests.descriptors import open_files
from tests.service.archives import (
    Json,
    data_of,
    entries,
    export_of,
    lines_of,
    manifest_of,
    project,
    say,
)
from tests.service.desks import at_desk
from tests.service.keeping import damage, kept, own_blob, sent
from tests.service.logs import sign

TEXT = "a word that must not lie about \u2013 \U0001f44b <script>alert(1)</script>"


@pytest.fixture
def history(house: House, ada: Person) -> str:
    """Two chats, some messages, three files. The id of the first chat."""

    async def story(desk: Desk) -> str:
        begun = await chats.start(desk, ada.who, "Erste <b>Woche</b>", None)
        one = await say(desk, ada, TEXT, begun.chat_id)
        await messages.mark(desk, ada.who, one, "error", "model_away", None)
        await say(desk, ada, "and in a chat of its own")
        return begun.chat_id

    chat_id = at_desk(house, story)
    kept(house, ada, b"one" * 1_000_000)
    kept(house, ada, b"two")
    return chat_id


def events_of(house: House, owner: Person) -> list[str]:
    return [entry.envelope.type for entry in house.log.read_user_entries(owner.user, 0, 1_000)]


def held(house: House) -> list[str]:
    """What of blobs, drafts and locks of exports this process has open."""
    folders = (str(house.layout.blobs), str(house.layout.spool), str(house.layout.run / "export-"))
    return [path for path in open_files().values() if path.startswith(folders)]


# -- what is in it -----------------------------------------------------------------------------------------------


def test_an_export_holds_everything_in_the_agreed_order(house: House, ada: Person, history: str) -> None:
    parts = entries(export_of(house, ada))
    assert list(parts) == [
        "data.ndjson", "data.json", "index.html", "chats/0001.html", "chats/0002.html", "files/0.txt",
        "files/0 (2).txt", "proofs/events.ndjson", "proofs/README.txt", "manifest.json",
    ]  # fmt: skip
    assert parts["files/0.txt"] == b"one" * 1_000_000
    assert parts["files/0 (2).txt"] == b"two"


def test_the_manifest_has_the_hash_of_every_other_entry(house: House, ada: Person, history: str) -> None:
    parts = entries(export_of(house, ada))
    manifest = json.loads(parts.pop("manifest.json"))
    assert {entry["path"]: entry["sha256"] for entry in manifest["entries"]} == {
        path: hashlib.sha256(data).hexdigest() for path, data in parts.items()
    }
    assert manifest["missing"] == []
    assert manifest["format"] == "strongroom-export/1"


def test_both_tellings_of_the_data_are_the_same(house: House, ada: Person, history: str) -> None:
    archive = export_of(house, ada)
    data, lines = data_of(archive), lines_of(archive)
    told: dict[str, list[Json]] = {}
    for line in lines[1:-1]:
        told.setdefault(line.pop("kind"), []).append(line)
    for file in told["file"]:
        file["kind"] = file.pop("file_kind")
    assert [data["user"]] == told["user"]
    assert (data["sessions"], data["chats"]) == (told["session"], told["chat"])
    assert (data["messages"], data["files"]) == (told["message"], told["file"])
    assert lines[-1]["lines"] == len(lines) - 1
    assert data["messages"][0]["content"] == TEXT


def test_the_unzip_of_this_machine_takes_it(house: House, ada: Person, history: str, tmp_path: Path) -> None:
    unzip = shutil.which("unzip")
    if unzip is None:
        pytest.skip("there is no unzip")
    (tmp_path / "export.zip").write_bytes(export_of(house, ada))
    subprocess.run([unzip, "-q", "export.zip", "-d", "out"], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "out/files/0 (2).txt").read_bytes() == b"two"


def test_an_empty_account_has_an_export_too(house: House, ada: Person) -> None:
    data = data_of(export_of(house, ada))
    assert data["user"]["username"] == "ada"
    assert (data["chats"], data["messages"], data["files"]) == ([], [], [])


def test_nobody_elses_things_are_in_it(house: House, ada: Person, history: str) -> None:
    data = data_of(export_of(house, person(house, "bob")))
    assert (data["chats"], data["messages"], data["files"]) == ([], [], [])


# -- proofs ------------------------------------------------------------------------------------------------------


def test_every_event_is_proved_by_somebody_elses_checker(
    house: House, ada: Person, history: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.desk.public_log.PROOF_WAIT_S", 0.0)  # Nobody signs meanwhile.
    person(house, "bob")
    sign(house)
    parts = entries(export_of(house, ada))
    key = VerifierKey.parse(parts["proofs/key"].decode().strip())
    lines = [json.loads(line) for line in parts["proofs/events.ndjson"].splitlines()]
    assert [line["type"] for line in lines] == events_of(house, ada)
    *covered, newest = lines
    assert (newest["type"], newest["proof"]) == ("DataExported", None)  # Nothing was signed since.
    for line in covered:
        words = [
            "c2sp.org/tlog-proof@v1",
            f"extra {base64.b64encode(line['entry'].encode()).decode()}",
            f"index {line['position'] - 1}",
            *line["proof"],
            "",
            parts["proofs/checkpoint"].decode(),
        ]
        checked = check_proof("\n".join(words).encode(), key)
        assert checked.entry == line["entry"].encode()
    told = manifest_of(export_of(house, ada))["proofs"]
    assert told["checkpoint_size"] >= covered[-1]["position"]


def test_a_log_without_a_checkpoint_says_so(house: House, ada: Person) -> None:
    archive = export_of(house, ada)
    assert "has not signed one yet" in entries(archive)["proofs/README.txt"].decode()
    assert manifest_of(archive)["proofs"] == {"checkpoint_size": 0, "events": 4, "unproved": 4}


# -- the event, and what is held meanwhile -----------------------------------------------------------------------


def test_the_event_is_there_before_the_first_byte(house: House, ada: Person) -> None:
    async def story(desk: Desk) -> None:
        project(house)
        exporting = await export.begin(desk, ada.who, "token")
        (record,) = house.log.read_stream(f"export-{exporting.export_id}")
        assert to_fact(record).event == DataExported(by="token")
        await exporting.close()

    at_desk(house, story)


def test_one_export_of_a_person_at_a_time(house: House, ada: Person) -> None:
    bob = person(house, "bob")

    async def story(desk: Desk) -> None:
        project(house)
        first = await export.begin(desk, ada.who, "session")
        with pytest.raises(UnderWay):
            await export.begin(desk, ada.who, "session")
        await (await export.begin(desk, bob.who, "session")).close()
        await first.close()
        project(house)
        await (await export.begin(desk, ada.who, "session")).close()

    at_desk(house, story)


def test_who_goes_away_in_the_middle_leaves_nothing_open(house: House, ada: Person, history: str) -> None:
    async def story(desk: Desk) -> None:
        for pieces in (1, 2, 4, 7, 11):
            project(house)
            exporting = await export.begin(desk, ada.who, "session")
            for _ in range(pieces):
                await anext(exporting, b"")
            await exporting.close()
            for _ in range(500):
                if not held(house):
                    break
                await asyncio.sleep(0.01)
            assert held(house) == []
        assert list(house.layout.spool.iterdir()) == []
        assert not [path for path in house.layout.run.iterdir() if path.name.startswith("export-")]

    at_desk(house, story)


def test_what_is_drawn_up_lies_nowhere_readable(house: House, ada: Person, history: str) -> None:
    async def story(desk: Desk) -> None:
        project(house)
        exporting = await export.begin(desk, ada.who, "session")
        for path in house.layout.data.rglob("*"):
            assert not path.is_file() or b"must not lie about" not in path.read_bytes()
        await exporting.close()

    at_desk(house, story)


def test_tables_that_lag_behind_are_not_exported(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(desk: Desk) -> None:
        await say(desk, ada, "not projected")
        with pytest.raises(Busy):
            await export.begin(desk, ada.who, "session")

    at_desk(house, story)
    assert "DataExported" not in events_of(house, ada)


def test_a_full_disk_refuses_and_tells_nothing(
    house: House, ada: Person, history: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.house.room.free_bytes", lambda _: 0)
    with pytest.raises(StorageFull):
        export_of(house, ada)
    assert "DataExported" not in events_of(house, ada)


# -- what cannot be had is named ---------------------------------------------------------------------------------


def test_a_file_that_is_not_stored_yet_is_named(house: House, ada: Person) -> None:
    file_id = sent(house, ada, b"waiting")
    archive = export_of(house, ada)
    assert manifest_of(archive)["missing"] == [{"id": file_id, "name": "0.txt", "reason": "processing"}]
    assert "files/0.txt" not in entries(archive)


def test_a_file_that_is_deleted_while_it_streams_is_left_out_and_named(house: House, ada: Person) -> None:
    first, second = kept(house, ada, b"one"), kept(house, ada, b"two")

    async def story(desk: Desk) -> bytes:
        project(house)
        exporting = await export.begin(desk, ada.who, "session")
        await files.delete(desk, ada.who, first)
        project(house)
        return b"".join([piece async for piece in exporting])

    archive = at_desk(house, story)
    assert manifest_of(archive)["missing"] == [{"id": first, "name": "0.txt", "reason": "deleted"}]
    assert [path for path in entries(archive) if path.startswith("files/")] == ["files/0 (2).txt"]
    assert second in entries(archive)["data.json"].decode()


def test_a_chat_that_is_deleted_while_it_streams_is_named(house: House, ada: Person, history: str) -> None:
    async def story(desk: Desk) -> bytes:
        project(house)
        exporting = await export.begin(desk, ada.who, "session")
        await chats.delete(desk, ada.who, history)
        return b"".join([piece async for piece in exporting])

    archive = at_desk(house, story)
    assert [(each["id"], each["reason"]) for each in manifest_of(archive)["missing"]] == [(history, "deleted")]
    told = entries(archive)
    assert TEXT not in told["chats/0001.html"].decode()
    assert not any(history in told[path].decode() for path in ("data.ndjson", "data.json"))
    *before, end = told["data.ndjson"].splitlines(keepends=True)
    assert json.loads(end)["sha256"] == hashlib.sha256(b"".join(before)).hexdigest()
    assert json.loads(end)["lines"] == len(before)
    assert len(data_of(archive)["messages"]) == 1


def test_a_damaged_blob_is_named_and_the_rest_comes(house: House, ada: Person) -> None:
    bad, good = kept(house, ada, b"x" * 3_000_000), kept(house, ada, b"sound")
    blob = next(house.layout.blobs.rglob(own_blob(bad)))
    damage(blob)
    archive = export_of(house, ada)
    assert [each["id"] for each in manifest_of(archive)["missing"]] == [bad]
    assert manifest_of(archive)["missing"][0]["reason"] == "damaged"
    assert "files/0.txt" not in {entry["path"] for entry in manifest_of(archive)["entries"]}
    assert entries(archive)["files/0 (2).txt"] == b"sound"
    assert good


@pytest.mark.parametrize("ended_by", ["session", "account"])
def test_nothing_is_made_for_who_may_not_have_it_any_more(house: House, ada: Person, ended_by: str) -> None:
    """Wherever it is: in the data, in the pages, in the files, in the proofs."""
    kept(house, ada, b"one" * 400_000)
    keyring = house.keyring

    async def story(desk: Desk) -> None:
        project(house)
        exporting = await export.begin(desk, ada.who, "session")
        await anext(exporting)
        if ended_by == "session":
            keyring.drop_session(ada.who.session_id, ada.user)
        else:
            keyring.shut_account(ada.user)
        with pytest.raises(BadCredentials):
            await anext(exporting)
        await exporting.close()

    at_desk(house, story)


def test_a_sealing_in_the_middle_of_the_data_ends_them(house: House, ada: Person) -> None:
    async def fill(desk: Desk) -> None:
        for _ in range(6):
            await say(desk, ada, base64.b64encode(os.urandom(180_000)).decode())

    async def story(desk: Desk) -> bytes:
        project(house)
        exporting = await export.begin(desk, ada.who, "session")
        sent = await anext(exporting)
        house.keyring.seal(ada.user)
        with suppress(BadCredentials):
            sent += b"".join([piece async for piece in exporting])
        await exporting.close()
        return sent

    at_desk(house, fill)
    assert len(at_desk(house, story)) < 1_000_000  # Of 1.4 MB that the data alone would be.


class Reader:
    """A task that sends, and never gets rid of the first piece."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self.has_a_piece = asyncio.Event()

    async def read(self) -> None:
        try:
            await anext(self._sending)
            self.has_a_piece.set()
            await asyncio.Event().wait()
        finally:
            await self._sending.close()


@pytest.mark.parametrize("sealed", [True, False])
def test_who_stands_still_is_cut_off(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, sealed: bool) -> None:
    """By the sealing, or by the patience that there is with slow readers."""
    monkeypatch.setattr("service.export.sending.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("service.export.sending.LEAST_BYTES_PER_S", 1 << 40)

    async def story(desk: Desk) -> None:
        project(house)
        reader = Reader(Sending(await export.begin(desk, ada.who, "session"), 3_600 if sealed else 0.02))
        task = asyncio.ensure_future(reader.read())
        await asyncio.wait_for(reader.has_a_piece.wait(), 60)
        if sealed:
            house.keyring.seal(ada.user)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        assert held(house) == []
        if not sealed:
            project(house)
            await (await export.begin(desk, ada.who, "session")).close()  # What it held is free again.

    at_desk(house, story)
