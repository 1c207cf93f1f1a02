"""Archives that are no export, are damaged or lie: refused by name, before anything is written if that can be known."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.errors import BadExport
from service.house.house import House
from service.importing import data as data_of_import
from service.importing.entries import Manifest, read_manifest
from service.machine.errors import Busy
from tests.builders import Person, person, settings
from tests.service.archives import Json, data_of, entries, export_of, import_into, packed, project, say, with_data
from tests.service.desks import at_desk
from tests.service.keeping import kept

Parts = dict[str, bytes]
MIB = 1 << 20
NOBODYS = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A sound export, in parts: one chat, one message, two files."""
    house = House(settings(tmp_path_factory.mktemp("old")))
    ada = person(house, "ada")
    kept(house, ada, b"first")
    kept(house, ada, b"second")
    at_desk(house, lambda desk: say(desk, ada, "hello"))
    yield entries(export_of(house, ada))
    house.close()


def refused(house: House, owner: Person, archive: bytes, why: str) -> None:
    with pytest.raises(BadExport, match=why):
        import_into(house, owner, archive)


def lines(parts: Parts) -> list[Json]:
    return [json.loads(line) for line in parts["data.ndjson"].splitlines()]


def changed(of: str, **fields: object) -> Callable[[list[Json]], list[Json]]:
    """Other fields in the lines of one kind."""
    return lambda told: [{**line, **fields} if line["kind"] == of else line for line in told]


def doubled(kind: str) -> Callable[[list[Json]], list[Json]]:
    """The first line of a kind once more."""
    return lambda told: [*told[:-1], next(line for line in told if line["kind"] == kind), told[-1]]


# -- the data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (changed("export", format="strongroom-export/2"), "version that this Strongroom does not know"),
        (changed("export", export_id=""), "Line 1 "),
        (changed("export", export_id=7), "Line 1 "),
        (lambda told: told[1:], "Line 1 "),
        (changed("chat", chat_id="../../x"), "not what an export says"),
        (changed("chat", chat_id="01A20781-8B7A-7884-ABBB-D5E1AF606C22"), "not what an export says"),
        (changed("chat", title="x" * 201), "not what an export says"),
        (changed("chat", created_at="yesterday"), "not what an export says"),
        (changed("chat", created_at="2026-01-01T00:00:00"), "not what an export says"),
        (changed("chat", created_at="9999-12-31T23:59:59.999999-23:59"), "not what an export says"),
        (changed("chat", created_at="0001-01-01T00:00:00+23:59"), "not what an export says"),
        (changed("message", created_at="1969-12-31T23:59:59.999999Z"), "not what an export says"),
        (changed("file", uploaded_at="9999-12-31T23:59:59-00:01"), "not what an export says"),
        (changed("message", chat_id="00000000-0000-7000-8000-000000000000"), "chat that was not told of"),
        (changed("message", content=""), "not what an export says"),
        (changed("message", content="x" * (256 * 1024 + 1)), "not what an export says"),
        (changed("message", content="\u2013" * (100 * 1024)), "not what an export says"),
        (changed("message", role="root"), "not what an export says"),
        (changed("message", status="error"), "not what an export says"),
        (changed("message", error_code="x"), "not what an export says"),
        (changed("message", file_ids=["x"]), "not what an export says"),
        (changed("message", content_type="text/plain\n"), "not what an export says"),
        (changed("message", content=None), "not what an export says"),
        (changed("file", name="a\nb"), "not what an export says"),
        (changed("file", name=""), "not what an export says"),
        (changed("file", path="files/../../etc/passwd"), "not what an export says"),
        (changed("file", path="/etc/passwd"), "not what an export says"),
        (changed("file", path="files/same"), "another file lies under its path"),
        (changed("file", size_bytes=-1), "not what an export says"),
        (changed("file", size_bytes=2**70), "not what an export says"),
        (changed("file", hash_sha256="x"), "not what an export says"),
        (changed("file", chat_id="00000000-0000-7000-8000-000000000000"), "chat that was not told of"),
        (changed("user", kind="root"), "not what an export says"),
        (doubled("file"), "another file lies under its path"),
    ],
)
def test_data_that_an_export_never_says_change_nothing(
    house: House, ada: Person, parts: Parts, change: Callable[[list[Json]], list[Json]], why: str
) -> None:
    head = house.log.head()
    refused(house, ada, packed(with_data(parts, change(lines(parts)))), why)
    assert house.log.head() == head
    assert list(house.layout.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[: data.rindex(b'{"kind":"end"')], "ends before its end"),
        (lambda data: data[:-1], "ends before its end"),
        (lambda data: data + b'{"kind":"user"}\n', "after the last one"),
        (lambda data: data.replace(b"hello", b"hallo"), "not those that were written"),
        (lambda data: data.replace(b'{"kind":"user"', b'{"kind":"user","x":1', 1), "not those that were written"),
        (lambda _: b"", "ends before its end"),
        (lambda _: b"\n\n\n", "Line 1 "),
        (lambda _: b"[" * 100_000 + b"\n", "Line 1 "),
        (lambda data: data.replace(b'{"kind":"user"', b'{"kind":"user","x":' + b"[" * 100_000, 1), "Line 2"),
        (lambda _: b'{"kind":"export","export_id":"\xff"}\n', "Line 1 "),
        (lambda data: data[:200] + b"\\ud800" + data[200:], "Line"),
    ],
)
def test_data_that_were_changed_or_cut_change_nothing(
    house: House, ada: Person, parts: Parts, spoil: Callable[[bytes], bytes], why: str
) -> None:
    head = house.log.head()
    refused(house, ada, packed({**parts, "data.ndjson": spoil(parts["data.ndjson"])}), why)
    assert house.log.head() == head


def test_a_message_that_is_told_of_twice_comes_in_once(house: House, ada: Person, parts: Parts) -> None:
    """Also where the second one lies in another chat."""
    other = {**next(line for line in lines(parts) if line["kind"] == "chat"), "chat_id": NOBODYS}
    again = next(line for line in lines(parts) if line["kind"] == "message")
    told = [*lines(parts)[:-1], again, other, other, {**again, "chat_id": NOBODYS}, lines(parts)[-1]]
    done = import_into(house, ada, packed(with_data(parts, told)))
    assert (done.chats, done.messages, done.skipped) == (2, 1, 3)


def test_a_manifest_is_read_piece_by_piece_and_whole() -> None:
    """Whatever stands in its strings."""
    name = 'odd \\" } { ] \\\\ name'
    data = {
        "entries": [{"path": name, "sha256": "x"}, {"path": "data.ndjson", "sha256": "y", "size_bytes": 1}],
        "missing": [{"id": "one", "name": name, "reason": "deleted"}, {"id": "two", "name": "", "reason": "error"}],
    }
    assert read_manifest(json.dumps({"export_id": "e", **data}).encode()) == Manifest(
        "e", "y", frozenset(("one", "two"))
    )
    spoiled: Json
    for spoiled in ({**data, "entries": 7}, {**data, "missing": [{"id": 7}]}, {"missing": []}):
        with pytest.raises(BadExport):
            read_manifest(json.dumps({"export_id": "e", **spoiled}).encode())


def test_many_imports_remember_no_more_than_there_is_room_for(
    house: House, ada: Person, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.machine.shelf.FREE", 1)
    monkeypatch.setattr("service.desk.desk.IDS_REMEMBERED", 2)
    import_into(house, ada, packed(parts))
    monkeypatch.setattr("service.desk.desk.IDS_REMEMBERED", 1)
    with pytest.raises(Busy):
        import_into(house, ada, packed(parts))


def test_a_line_without_end_is_not_gathered(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_of_import, "LINE_MAX", 1_000)
    refused(house, ada, packed({"data.ndjson": b"x" * 5_000}, zipfile.ZIP_STORED), "too long")


def test_more_files_than_can_be_remembered_are_refused(
    house: House, ada: Person, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_of_import, "FILES_MAX", 1)
    refused(house, ada, packed(parts), "at most 1 files")


# -- the archive -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda _: {"holiday.jpg": b"x", "other/holiday.jpg": b"y"}, "no data.ndjson"),
        (lambda parts: {"files/0.txt": b"first", **parts}, "data.ndjson has to come before the files"),
        (lambda parts: {**{k: v for k, v in parts.items() if k != "manifest.json"}}, "manifest.json"),
        (lambda parts: {**parts, "manifest.json": b"{}"}, "manifest.json is not"),
        (lambda parts: {**parts, "manifest.json": b'{"export_id":"x","entries":[],"missing":[]}'}, "manifest.json"),
        (lambda parts: {**parts, "manifest.json": b'{"x":' + b"[" * 100_000}, "manifest.json is not"),
        (lambda parts: {**parts, "manifest.json": b""}, "manifest.json"),
        (lambda parts: {**parts, "data.json": bytes(40 * MIB)}, "unpacks to far more"),
        (lambda parts: {**parts, **{f"x{at}": bytes(8 * MIB) for at in range(5)}}, "unpacks to far more"),
        (lambda parts: {**parts, "data.ndjson": parts["data.ndjson"] + bytes(40 * MIB)}, "too long|far more"),
        (lambda parts: {**parts, "x/../../y": b""}, "outside"),
        (lambda parts: {"/etc/passwd": b"", **parts}, "outside"),
        (lambda parts: {**parts, "files/0.txt": b"First"}, "“0.txt” are not in the archive, or are not those"),
        (lambda parts: {**parts, "files/0.txt": b"first and more"}, "longer in the archive"),
        (lambda parts: {**parts, "files/0.txt": bytes(40 * MIB)}, "longer in the archive"),
        (lambda parts: {**parts, "files/0.txt": b"firs"}, "“0.txt” are not in the archive, or are not those"),
        (lambda parts: {k: v for k, v in parts.items() if k != "files/0.txt"}, "“0.txt” are not in the archive"),
    ],
)  # fmt: skip
def test_an_archive_that_is_no_whole_export_is_refused_by_name(
    house: House, ada: Person, parts: Parts, change: Callable[[Parts], Parts], why: str
) -> None:
    refused(house, ada, packed(change(parts)), why)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("path", "why"), [("data.ndjson", "two data"), ("manifest.json", "two manifest")])
def test_an_entry_that_comes_twice_is_refused(
    house: House, ada: Person, parts: Parts, path: str, why: str, tmp_path: Path
) -> None:
    target = tmp_path / "twice.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for each, data in [*parts.items(), (path, parts[path])]:
            archive.writestr(each, data)
    refused(house, ada, target.read_bytes(), why)


def test_data_of_another_export_than_the_manifest_names_are_noticed(house: House, ada: Person, parts: Parts) -> None:
    spoiled = with_data(parts, lines(parts))
    refused(house, ada, packed({**spoiled, "manifest.json": parts["manifest.json"]}), "not the one that the manifest")


def test_one_wrong_file_keeps_no_other_away(house: House, ada: Person, parts: Parts) -> None:
    refused(house, ada, packed({**parts, "files/0.txt": b"First"}), "Everything else is here")
    project(house)
    data = data_of(export_of(house, ada))
    assert [file["hash_sha256"] for file in data["files"]] == [hashlib.sha256(b"second").hexdigest()]
    assert len(data["messages"]) == 1
    assert import_into(house, ada, packed(parts)).files == 1  # Sent whole, it goes on.


def test_a_file_that_the_manifest_says_is_missing_is_skipped(house: House, ada: Person, parts: Parts) -> None:
    (row, *_) = [line for line in lines(parts) if line["kind"] == "file"]
    manifest = json.loads(parts["manifest.json"])
    manifest["missing"] = [{"id": row["file_id"], "name": row["name"], "reason": "damaged"}]
    told = {**parts, "manifest.json": json.dumps(manifest).encode(), row["path"]: b"fir"}
    done = import_into(house, ada, packed(told))
    assert (done.files, done.skipped) == (1, 1)


def test_what_else_lies_in_the_archive_is_passed_over(house: House, ada: Person, parts: Parts) -> None:
    more = {"__MACOSX/._x": b"x", **parts, ".DS_Store": b"x", "files/.DS_Store": b"x"}
    assert import_into(house, ada, packed(more)).files == 2
