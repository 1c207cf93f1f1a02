"""What can be done about a job that was given up, by whoever runs the machine and holds nobody's key.

FileRetried says nothing that is sealed, so a file that failed can be tried again without its owner. What was derived
from a file cannot: after AnalysisFailed its spool is gone, and the key to its blob is the owner's alone.
"""

from __future__ import annotations

from typing import Final, Literal

from domain import file
from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from service.house.facts import to_records
from service.house.house import House
from service.processing.storing import MAX_TRIES, append_settled, load_file

OPERATORS_RETRIES: Final = file.MAX_RETRIES - 20  # The last of them are the owner's.
Prospect = Literal["retry", "settled", "lost"]
"""`settled`: there is nothing left to do: done by another, or the file was deleted. For the others see `Way`."""


def prospect(house: House, log: Log, actor: str, file_id: str) -> Prospect:
    """Of a job about one file. LogError."""
    loaded = load_file(log, file_id)
    if loaded is None:
        return "settled"
    match (actor, loaded.state.status):
        case ("store_file", "processing"):
            return "retry"
        case ("store_file", "error"):
            return "retry" if loaded.state.retries < OPERATORS_RETRIES else "lost"
        case ("analyse_file" | "transcribe_file", "ready"):
            return _of_finding(house, log, actor, file_id, loaded.state)
        case _:
            return "settled"


def _of_finding(house: House, log: Log, actor: str, file_id: str, state: file.State) -> Prospect:
    known = state.transcribed if actor == "transcribe_file" else state.analysed
    if house.keyring.finding_key(file_id) is not None:
        return "settled" if known else "retry"
    if actor == "transcribe_file":
        return "settled" if known else "lost"
    gave_up = any(record.envelope.type == "AnalysisFailed" for record in log.read_stream(f"file-{file_id}"))
    return "lost" if gave_up else "settled"


def begin_again(house: House, log: Log, file_id: str) -> None:
    """FileRetried for a file that failed; nothing for any other, so that asking twice says it once. LogError."""
    for _ in range(MAX_TRIES):
        loaded = load_file(log, file_id)
        if loaded is None or loaded.state.status != "error" or loaded.state.retries >= OPERATORS_RETRIES:
            return
        events = file.decide(file.RetryFile(), loaded.state)
        try:
            append_settled(house.writer, Append(to_records(loaded.user, f"file-{file_id}", loaded.version, events)))
        except VersionConflict:
            continue
        return
