"""No statement of this room walks a whole table or sorts, whatever it is asked for."""

from __future__ import annotations

from pathlib import Path

import apsw

from domain.events import EVENT_TYPES
from projections import user_data
from projections.queries import Reader
from projections.runner import Projector
from tests.projections.history import random_history

THE_PERSON_THEMSELVES = "SEARCH user USING PRIMARY KEY (user_id=?)"
WHETHER_ERASED = ("SEARCH erasure USING PRIMARY KEY (user_id=?)", "SCAN CONSTANT ROW", "SCALAR SUBQUERY 1")
ALL_OF_A_PERSON = tuple(f"DELETE FROM {table} WHERE user_id = ?" for table in user_data.TABLES_OF_ONE)


class Recorder:
    """An apsw execution tracer: the statements run, each once."""

    def __init__(self) -> None:
        self.statements: dict[str, apsw.Bindings | None] = {}

    def __call__(self, _: apsw.Cursor, statement: str, bindings: apsw.Bindings | None) -> bool:
        self.statements.setdefault(statement, bindings)
        return True


def plans(path: Path, recorder: Recorder) -> dict[str, list[str]]:
    connection = apsw.Connection(str(path))
    found = {
        statement: [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bindings).fetchall()]
        for statement, bindings in recorder.statements.items()
    }
    connection.close()
    return found


def test_applying_finds_its_rows_by_index(path: Path, projector: Projector) -> None:
    history = random_history(seed=1, length=400)
    assert {type(fact.event).__name__ for fact in history.facts} == set(EVENT_TYPES)
    recorder = Recorder()
    connection = apsw.Connection(str(path))
    cursor = connection.cursor()
    cursor.exec_trace = recorder
    for fact in history.facts:
        user_data.apply(cursor, fact)
    connection.close()
    assert len(recorder.statements) == 39
    for statement, plan in plans(path, recorder).items():
        for step in plan:
            if step in WHETHER_ERASED:
                continue
            if statement in ALL_OF_A_PERSON:  # Erased: each of their rows is wanted.
                assert step.endswith("(user_id=?)"), (statement, plan)
                continue
            assert step.startswith("SEARCH"), (statement, plan)
            # The person alone is not enough: theirs may be a hundred thousand rows.
            assert step == THE_PERSON_THEMSELVES or not step.endswith("(user_id=?)"), (statement, plan)


def test_reading_finds_its_rows_by_index_and_in_order(path: Path, projector: Projector) -> None:
    reader = Reader(path)
    reader.position()
    recorder = Recorder()
    assert reader._connection is not None
    reader._connection.exec_trace = recorder
    reader.position()
    reader.user("ann")
    reader.sessions("ann", 0)
    reader.chat("ann", "c1")
    reader.message("ann", "m1")
    reader.file("ann", "f1")
    reader.chat_files("ann", "c1")
    reader.processing_files("", 10)
    reader.open_sessions_expired(0, 10)
    reader.tokens("", 10)
    reader.unfinished_deletions(0, 10)
    reader.erasing("", 10)
    reader.close()
    assert len(recorder.statements) == 13
    assert [step for plan in plans(path, recorder).values() for step in plan] == [
        "SEARCH cursor USING INTEGER PRIMARY KEY (rowid=?)",
        THE_PERSON_THEMSELVES,
        "SEARCH session USING PRIMARY KEY (user_id=?)",
        "SEARCH chat USING INDEX chat_by_id (chat_id=?)",
        "SEARCH message USING INDEX message_by_id (message_id=?)",
        "SEARCH file USING INDEX file_by_id (file_id=?)",
        "SEARCH file USING INDEX file_by_chat (user_id=? AND chat_id=?)",
        "SEARCH deletion USING INDEX deletion_by_user (user_id=? AND chat_id=?)",
        "SEARCH file USING INDEX file_processing (file_id>?)",
        "SEARCH session USING INDEX session_by_expiry (expires_at_us<?)",
        "SEARCH token USING PRIMARY KEY (token_id>?)",
        "SEARCH deletion USING INTEGER PRIMARY KEY (rowid>?)",
        # The index holds those alone whose erasure is under way.
        "SEARCH erasure USING COVERING INDEX erasure_unfinished (user_id>?)",
    ]
