"""An audit of files that somebody prepared: it names what is wrong, and neither breaks, nor runs anything of theirs,
nor swallows the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.schema import APPLICATION_ID, SCHEMA
from eventstore.verify import database
from eventstore.verify.checkpoints import Policy
from eventstore.verify.data_folder import verify_folder
from eventstore.verify.database import DatabaseRefused, reading
from eventstore.verify.published import FolderSource, verify_static
from eventstore.verify.verdict import MAX_FINDINGS, MAX_TEXT, Verdict
from service.audit.log_export import export
from service.machine.layout import Layout
from tests.eventstore.made_log import SIGNER, made_log
from tests.eventstore.mutations import alone, remade_index, silent, tampering

ROOT = Path(__file__).parents[2]
KEY = SIGNER.verifier


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "data"
    made_log(folder, 300)
    export(Layout(folder), folder.parent / "published", silent)
    return folder


@pytest.fixture
def folder(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "data"))


def audit(folder: Path) -> Verdict:
    return verify_folder(folder, Policy(key=KEY), silent)


def audit_published(folder: Path) -> Verdict:
    source = FolderSource(folder)
    return verify_static("it", source, KEY, Policy(), silent, alone)


def said(verdict: Verdict) -> str:
    return "\n".join(each.line for each in verdict.findings)


def remade(folder: Path, schema: str) -> None:
    """A database of another schema, with the right marks on it."""
    path = folder / "events.db"
    path.unlink()
    connection = apsw.Connection(str(path))
    connection.execute(schema)
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", 1)
    connection.close()


@pytest.mark.parametrize(
    ("schema", "what"),
    [
        ("CREATE VIEW events AS SELECT 1 AS position", "'events' is not as it must be"),
        (SCHEMA + "CREATE TRIGGER more BEFORE INSERT ON events BEGIN SELECT 1; END;", "'more' is not as it must be"),
        (SCHEMA.partition("CREATE TRIGGER")[0], "is missing"),
        (SCHEMA.replace("at_us        INTEGER", "at_us        INT"), "'events' is not as it must be"),
        ("CREATE TABLE something (a)", "'something' is not as it must be"),
    ],
    ids=["a view", "one trigger more", "no triggers", "another column", "another table"],
)
def test_another_schema_is_refused_before_a_row_is_read(folder: Path, schema: str, what: str) -> None:
    remade(folder, schema)
    verdict = audit(folder)
    assert what in said(verdict)
    assert verdict.checked == 0


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a Strongroom log"),
        (b"nothing of a database " * 300, "not a database"),
        (b"SQLite format 3\x00" + b"\xff" * 5_000, "database"),
    ],
    ids=["empty", "text", "a header"],
)
def test_what_is_no_database_is_told_so(folder: Path, content: bytes, what: str) -> None:
    (folder / "events.db").write_bytes(content)
    assert what in said(audit(folder))


def test_a_missing_database_is_told_and_not_made(folder: Path) -> None:
    (folder / "events.db").unlink()
    assert "there is no events.db" in said(audit(folder))
    assert not (folder / "events.db").exists()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert not audit(tmp_path / "nowhere").sound
    assert not audit_published(tmp_path / "nowhere").sound
    assert not (tmp_path / "nowhere").exists()


def test_a_database_cut_off_in_the_middle_of_a_page_is_told(folder: Path) -> None:
    path = folder / "events.db"
    os.truncate(path, path.stat().st_size // 2 + 100)
    assert not audit(folder).sound


@pytest.mark.parametrize("name", ["log/checkpoint", "log/signed", "log/key", "log/tile/0/000", "events.db"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "huge", "loop"])
def test_what_is_no_plain_file_is_named_and_never_waited_for(folder: Path, name: str, kind: str) -> None:
    path = folder / name
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "huge":
            path.touch()
            os.truncate(path, 1 << 40)
        case _:
            path.symlink_to(path)
    assert name.removeprefix("log/") in said(audit(folder))


@pytest.mark.parametrize("end", ["-journal", "-wal", "-shm"])
def test_a_pipe_beside_the_database_is_never_waited_for(folder: Path, end: str) -> None:
    beside = folder / f"events.db{end}"
    beside.unlink(missing_ok=True)
    os.mkfifo(beside)
    assert f"events.db{end} is not a file" in said(audit(folder))


def test_a_row_of_twenty_megabytes_is_named_and_not_loaded(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE events SET sealed = zeroblob(20000000) WHERE position = 17")
    verdict = audit(folder)
    assert verdict.findings[0].where == "position 17"
    assert "too long" in verdict.findings[0].what


@pytest.mark.parametrize(
    "change",
    [
        "stream = CAST(x'ff' AS TEXT)",
        "stream = 'a' || char(0) || 'b'",
        "envelope = zeroblob(70000)",
        f"envelope = CAST('{'[' * 60_000}' AS BLOB)",
        "envelope = CAST('{}' AS BLOB)",
        "envelope = x''",
        "envelope = CAST(CAST(envelope AS TEXT) || char(10) || CAST(envelope AS TEXT) AS BLOB)",
        """envelope = CAST(replace(envelope, '"schema":1', '"schema":1,"schema":1') AS BLOB)""",
        """envelope = CAST(replace(envelope, '"format":1', '"format":2') AS BLOB)""",
        """envelope = CAST(replace(envelope, '"public":{', '"public":{"a":1e999') AS BLOB)""",
        "at_us = 9223372036854775807",
        "version = -1",
    ],
)
def test_an_odd_row_is_named(folder: Path, change: str) -> None:
    with tampering(folder) as connection:
        connection.execute(f"UPDATE events SET {change} WHERE position = 17")
    assert audit(folder).findings[0].where == "position 17"


def test_a_leaf_at_the_end_of_all_numbers_does_not_make_it_walk_there(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE events SET position = 9223372036854775807 WHERE position = 300")
    assert audit(folder).findings[0].line == "position 300: the row is missing"


@contextmanager
def detached(folder: Path, index: str) -> Iterator[apsw.Connection]:
    """The database without an index, which is there again afterwards, as it was."""
    with tampering(folder) as connection:
        connection.pragma("writable_schema", True)
        entry = connection.execute("SELECT * FROM sqlite_schema WHERE name = ?", (index,)).fetchone()
        assert entry is not None
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (index,))
        connection.pragma("writable_schema", "RESET")
        yield connection
        connection.pragma("writable_schema", True)
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", entry)
        connection.pragma("writable_schema", "RESET")


def test_an_index_entry_too_many_is_found(folder: Path) -> None:
    with detached(folder, "events_by_request") as connection:
        connection.execute("UPDATE events SET request_key = NULL, request_body = NULL WHERE position = 299")
    assert said(audit(folder)) == (
        "position 299: the request tag is not what the envelope says\n"
        "the index by request: has 127 entries for 126 rows"
    )


def test_two_rows_of_one_version_are_found(folder: Path) -> None:
    """The index is unique by its declaration alone: what is in it is somebody else's."""
    with tampering(folder) as connection, remade_index(connection, "events_by_stream") as declared:
        connection.execute(
            "UPDATE events SET (stream, version) = (SELECT stream, version FROM events WHERE position = 3)"
            " WHERE position = 5"
        )
        connection.execute(declared.replace("UNIQUE ", ""))
    assert "position 5: the index by stream does not lead to it" in said(audit(folder))


def test_a_log_of_another_encoding_is_refused(folder: Path) -> None:
    remade(folder, "PRAGMA encoding = 'UTF-16le'; " + SCHEMA)
    assert "in UTF-16le" in said(audit(folder))


def test_findings_are_bounded_in_number_and_length(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE events SET type = printf('%.*c', 5000, 'x')")
        connection.execute(
            "UPDATE events SET envelope = CAST(replace(envelope, '\"user\"', '\"' || printf('%.*c', 5000, 'y') || '\"')"
            " AS BLOB) WHERE position > 20"
        )
    verdict = audit(folder)
    assert len(verdict.findings) == MAX_FINDINGS
    assert verdict.more_findings
    assert all(len(each.what) <= MAX_TEXT for each in verdict.findings)


def test_a_copy_that_cannot_be_written_is_audited_as_it_lies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a read-only file system, where SQLite cannot make what it needs beside a database in WAL mode."""
    connect = database._connect

    def refusing(path: Path, how: str) -> apsw.Connection:
        if "immutable" not in how:
            raise apsw.CantOpenError("unable to open database file")
        return connect(path, how)

    monkeypatch.setattr(database, "_connect", refusing)
    before = sorted(path.name for path in folder.iterdir())
    assert audit(folder).sound
    assert sorted(path.name for path in folder.iterdir()) == before
    (folder / "events.db-wal").write_bytes(b"news")
    assert "copy both to a folder that can be written" in said(audit(folder))


def test_a_living_log_is_audited_while_it_grows(folder: Path) -> None:
    from tests.eventstore.records import one, writing

    with writing(folder) as writer:
        writer.append(one("chat-new", 1))
        verdict = audit(folder)
        assert (verdict.findings, verdict.checked, verdict.unsigned) == ((), 301, 1)


def test_memory_is_bounded_however_long_the_log(tmp_path: Path) -> None:
    """30,000 events take no more than 3,000, but for what an allocator keeps."""
    peaks = []
    for events in (3_000, 30_000):
        made_log(tmp_path / str(events), events)
        peaks.append(peak_bytes(tmp_path / str(events), f"verdict.sound and verdict.checked == {events}"))
    assert peaks[1] < 100 << 20
    assert peaks[1] - peaks[0] < 16 << 20


@pytest.mark.parametrize(
    "change",
    [
        "type = printf('%.*c', 3000000, 'x')",
        "stream = printf('%.*c', 3000000, 'x') || position",
        "user = printf('%.*c', 3000000, 'x')",
        "leaf_hash = zeroblob(3000000)",
        "request_key = zeroblob(3000000)",
        "envelope = zeroblob(3000000)",
        "sealed = zeroblob(3000000)",
    ],
)
def test_memory_is_bounded_whatever_column_is_swollen(folder: Path, change: str) -> None:
    with tampering(folder) as connection:
        connection.pragma("ignore_check_constraints", True)
        with remade_index(connection, "events_by_request") as declared:
            connection.execute(f"UPDATE events SET {change} WHERE position BETWEEN 11 AND 30")
            connection.execute(declared.replace("UNIQUE ", ""))
    assert peak_bytes(folder, "verdict.findings[0].where == 'position 11'") < 75 << 20  # Of what takes 35 by itself.


def test_memory_is_bounded_however_much_python_makes_of_an_envelope(folder: Path) -> None:
    with tampering(folder) as connection:
        swollen = '"public":{"":[' + ",".join(["[]"] * 21_000) + "]}"
        connection.execute(
            """UPDATE events SET envelope = CAST(replace(envelope, '"public":{}', ?) AS BLOB)""", (swollen,)
        )
    assert peak_bytes(folder, "'leaf hash' in verdict.findings[0].what") < 110 << 20


def peak_bytes(folder: Path, expected: str) -> int:
    """The most memory that an audit takes, in a process of its own."""
    program = (
        "from pathlib import Path; from eventstore.verify.data_folder import verify_folder;"
        "from eventstore.verify.checkpoints import Policy;"
        f"verdict = verify_folder(Path({str(folder)!r}), Policy(), lambda done, total: None);"
        f"assert {expected}, verdict;"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    return int(done.stdout) << 10


def test_an_empty_log_that_was_signed_is_sound(tmp_path: Path) -> None:
    made_log(tmp_path / "data", 0)
    export(Layout(tmp_path / "data"), tmp_path / "published", silent)
    assert (audit(tmp_path / "data").findings, audit(tmp_path / "data").size) == ((), 0)
    assert (audit_published(tmp_path / "published").findings, audit_published(tmp_path / "published").size) == ((), 0)


def test_a_forged_event_at_the_end_is_told_as_not_signed(folder: Path) -> None:
    made_log(folder.parent / "longer", 301, sign=False)
    shutil.copytree(folder / "log", folder.parent / "longer" / "log")
    verdict = audit(folder.parent / "longer")
    assert (verdict.findings, verdict.size, verdict.checked, verdict.unsigned) == ((), 300, 301, 1)


def test_several_processes_come_to_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = audit(folder)
    monkeypatch.setattr("eventstore.verify.data_folder.HANDS_FROM", 1)
    assert verify_folder(folder, Policy(key=KEY), silent, hands=2) == alone


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def spoiled(data: bytes, at: int, new: bytes, *, cut: bool) -> bytes:
    at %= max(1, len(data))
    return data[:at] + new + (b"" if cut else data[at + len(new) :])


@FUZZ
@given(at=st.integers(0, 1 << 20), new=st.binary(min_size=1, max_size=40), cut=st.booleans())
@pytest.mark.parametrize("name", ["events.db", "log/checkpoint", "log/signed", "log/key", "log/tile/0/000"])
def test_spoiled_bytes_never_break_the_audit_of_a_data_folder(
    small: Path, tmp_path: Path, name: str, at: int, new: bytes, cut: bool
) -> None:
    copy = tmp_path / "fuzzed"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(small, copy)
    (copy / name).write_bytes(spoiled((small / name).read_bytes(), at, new, cut=cut))
    audit(copy)


@FUZZ
@given(at=st.integers(0, 1 << 20), new=st.binary(min_size=1, max_size=40), cut=st.booleans())
@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"])
def test_spoiled_bytes_of_what_is_published_are_always_seen(
    small: Path, tmp_path: Path, name: str, at: int, new: bytes, cut: bool
) -> None:
    published = small.parent / "published"
    copy = tmp_path / "fuzzed"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(published, copy)
    before = (published / name).read_bytes()
    after = spoiled(before, at, new, cut=cut)
    (copy / name).write_bytes(after)
    assert audit_published(copy).sound == (after == before)


def test_a_refused_database_says_why(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match=r"there is no events\.db"), reading(tmp_path / "events.db"):
        pytest.fail("it opened")
