"""The same content twice from the same person is stored once: the second file gets a key to the first one's blob.

Found by a tag in the keyring, an HMAC of size and SHA-256 under a key of the user's, so that nobody's files are ever
compared with another's. The request, which alone can open the earlier key, seals it anew for the new file; the worker
checks the spool as always, checks the blob, and records FileStored as always.

The log shows nothing of it. Events, fields and lengths are those of any upload: `commitment` has a salt of the file's
own, so two files in one blob do not show it. What is left is time: the worker reads where it would else read and write,
so on an idle machine a large file that is stored sooner than others of its size may be a duplicate. Between small ones
the queue and the disk differ more than that. The keyring and the folder of blobs do show it, to who has them.

Crash points, none of which loses anything:

- before the keys are written: nothing has happened;
- keys, and no event: the row keeps the blob alive until the sweeper forgets the nameless file;
- keys and event: the worker finds the row. Should the blob be gone, damaged, or vouched for by no stored file any more
  (the earlier one deleted), the file gets a blob of its own from its spool, and the row is replaced;
- after FileStored the row is never touched again, whatever becomes of the earlier file: a blob goes with the last row
  that names it (service/house/forgetting.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from domain import file
from domain.events import FileEvent, FileStored
from eventstore.log import Log
from service.house.facts import fold, to_fact
from service.house.house import House
from service.house.keychain import Keychain
from service.house.principal import Principal
from vault.blob_scan import ScannedBlob, scan_blob
from vault.errors import BlobBroken, SealBroken
from vault.hpke import seal_to
from vault.keyring import BlobKeyRow, SharedBlob
from vault.keys import FindingKeys, blob_key_binding, is_committed, new_salt

MAX_LOOKED_AT: Final = 8  # Files of one content; the oldest are the likeliest to be stored.


def stored_before(house: House, user: str, tags: Mapping[str, bytes]) -> dict[str, BlobKeyRow]:
    """File id → the row of a stored file of the same user with the same content tag, where there is one."""
    found: dict[str, BlobKeyRow] = {}
    for file_id, tag in tags.items():
        for row in house.keyring.same_content(user, tag, MAX_LOOKED_AT):
            if stored_event(house.log, row.file_id) is not None:
                found[file_id] = row
                break
    return found


def seal_anew(house: House, who: Principal, earlier: Mapping[str, BlobKeyRow]) -> dict[str, SharedBlob]:
    """File id → its own way to the earlier file's blob. Only proposed: the keyring takes it if the blob is still in use
    when the keys are written."""
    keys, account, master = Keychain(house, who), house.keyring.account(who.user), house.server.purpose("spool")
    proposed: dict[str, SharedBlob] = {}
    for file_id, row in earlier.items():
        try:
            key = keys.blob(row.file_id)
        except SealBroken:
            key = None  # Damage to the earlier file must not become the new one's.
        if key is None or account is None:
            continue
        salt = new_salt()
        sealed = seal_to(account.public_key, key, blob_key_binding(who.user, file_id))
        finding = FindingKeys.of_blob(key, salt).wrap(master, who.user, file_id)
        proposed[file_id] = SharedBlob(BlobKeyRow(file_id, who.user, row.blob_id, salt, sealed), finding)
    return proposed


def vouched_blob(house: House, log: Log, row: BlobKeyRow, advance: Callable[[int], object]) -> ScannedBlob | None:
    """The blob that `row` shares, read to its end, if it is what a stored file's event says. None if no such file is
    left, or the blob is missing, unreadable or changed: then it must not be built upon. Whatever `advance` raises."""
    for other in house.keyring.sharers(row.blob_id, MAX_LOOKED_AT):
        if (stored := stored_event(log, other.file_id)) is not None:  # Never that of `row`: it is about to be stored.
            break
    else:
        return None
    try:
        found = scan_blob(house.layout.blob_file(row.blob_id), advance)
    except (OSError, BlobBroken):
        return None
    return found if is_committed(stored.commitment, other.salt, found.ciphertext_sha256) else None


def stored_event(log: Log, file_id: str) -> FileStored | None:
    """None unless the file is stored, and not deleted."""
    events = [to_fact(record).event for record in log.read_stream(f"file-{file_id}")]
    if fold(file.evolve, file.State(), FileEvent, events).status != "ready":
        return None
    return next(event for event in reversed(events) if isinstance(event, FileStored))
