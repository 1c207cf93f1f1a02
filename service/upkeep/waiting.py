"""Files that wait for a job which the queue may have lost: by the read tables and the keyring, a page at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service.house.house import House
from service.processing.storing import LoadedFile, load_file

WAITING_PAGE: Final = 500
WAITING_MAX: Final = 5_000


def waiting_files(house: House, before_us: int) -> list[str]:
    """Ids of files uploaded and neither stored nor failed, unchanged since `before_us`; at most
    WAITING_MAX."""
    found: list[str] = []
    after = ""
    while len(found) < WAITING_MAX:
        rows = house.reader.processing_files(after, WAITING_PAGE)
        found += [row.file_id for row in rows if row.updated_at_us < before_us]
        if len(rows) < WAITING_PAGE:
            break
        after = rows[-1].file_id
    return found


def waiting_findings(house: House, after: str, before_us: int) -> tuple[list[LoadedFile], str]:
    """Files stored before `before_us` of which something is still to be found out, and where to go on the next time:
    "" after the last. One page: each costs a look at its spool and its stream."""
    ids = house.keyring.files_with_finding_key(after, WAITING_PAGE)
    # Without a spool nothing will ever be found out, and only the job itself lays the key down.
    resting = (
        file_id for file_id in ids if older(path := house.layout.spool_file(file_id), before_us) or not path.exists()
    )
    loaded = (load_file(house.log, file_id) for file_id in resting)
    found = [file for file in loaded if file is not None and file.state.status == "ready"]
    return found, ids[-1] if len(ids) == WAITING_PAGE else ""


def older(path: Path, before_us: int) -> bool:
    """Whether the file was last written before a time; False for one that is not there."""
    try:
        return path.stat().st_mtime_ns // 1_000 < before_us
    except FileNotFoundError:
        return False
