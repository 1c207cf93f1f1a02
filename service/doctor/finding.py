"""What a look comes to: well or not, what was seen, and the way out."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from eventstore.errors import LogCorrupt, LogError, LogUnreadable
from projections.errors import ProjectionError
from service.house.log_key import LogRefused
from service.machine.valkey import ValkeyMissing
from vault.errors import KeyringCorrupt, KeyringOlder, PendingBroken, Unopenable, VaultError, WrongServerKey

NEWER = "start the newer code that wrote it, or restore a backup of this one's time"
RESTORE = "put a sound copy back: docs/operating.md, Putting a backup back"


class Finding(msgspec.Struct, frozen=True):
    """`way`: what to do about it, "" where nothing has to be done."""

    what: str
    well: bool
    detail: str
    way: str = ""

    @property
    def line(self) -> str:
        way = f" → {self.way}" if self.way else ""
        return f"{'ok  ' if self.well else 'BAD '} {self.what}: {self.detail}{way}"


class Unwell(Exception):
    """One line that says what is wrong, and one that says the way out."""

    def __init__(self, detail: str, way: str) -> None:
        super().__init__(detail)
        self.way = way


class Hint(msgspec.Struct, frozen=True):
    """Well, and yet something could be done."""

    detail: str
    way: str


def look(what: str, at: Callable[[], str | Hint]) -> Finding:
    """What a look raises is its finding. What is a fault of the program's own passes through."""
    try:
        match at():
            case Hint(detail=detail, way=way):
                return Finding(what, well=True, detail=detail, way=way)
            case str() as detail:
                return Finding(what, well=True, detail=detail)
    except Unwell as unwell:
        return Finding(what, well=False, detail=str(unwell), way=unwell.way)
    except (OSError, RuntimeError, LogError, VaultError, ProjectionError, ValkeyMissing) as error:
        return Finding(what, well=False, detail=str(error), way=_way_of(error))


def _way_of(error: Exception) -> str:
    match error:
        case WrongServerKey():
            return "put this folder's own server.key back, or set STRONGROOM_SERVER_KEY to what it was"
        case KeyringOlder():
            return "put the newer keyring.db back; if it is lost, `strongroom keyring accept`"
        case KeyringCorrupt() | LogCorrupt() | PendingBroken() if "schema version" in str(error):
            return NEWER
        case LogRefused():
            return "docs/operating.md, An older log, says which of the two ways"
        case LogCorrupt():
            return "`strongroom log verify` says where; docs/operating.md, A damaged log"
        case KeyringCorrupt() | PendingBroken():
            return RESTORE
        case ProjectionError():
            return "`strongroom projections rebuild`"
        case ValkeyMissing():
            return "install it, or set STRONGROOM_REDIS_URL to a Redis or Valkey of your own"
        case OSError() | Unopenable() | LogUnreadable():
            return "look at the disk, and whether the folder belongs to the user that Strongroom runs as"
        case _:
            return "docs/operating.md, The data folder"
