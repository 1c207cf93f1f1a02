"""Erasing an account: it is asked for in the log, then its keys are destroyed, then the bytes, then it is done.

Crash points, each of which the worker or the sweeper goes on from:

- before ErasureRequested nothing has happened;
- after it, and before the keys are destroyed: nobody signs in any more and the read tables are empty, but a session
  that is open still has its keys, for as long as it takes the worker to come;
- after its row and its spool keys: nothing of it can be opened or added to. What is left, keys under keys that are gone
  and bytes, is noise that takes room, and goes piece by piece;
- after AccountErased: nothing is left to do, unless something comes back from a backup: then it goes again.

What was under way in that moment may still reach the log, sealed under keys that are gone: it makes no row, and nobody
can open it.
"""

from __future__ import annotations

from typing import Final

from domain import account, file
from domain.errors import BadCredentials
from domain.events import ErasureRequested, FileUploaded
from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from eventstore.writer import LogWriter
from service.accounts.accounts import fold_account, telling_later
from service.desk.desk import Desk, decided
from service.entrance.passwords import overtaken, prove
from service.house.advance import forget_advance
from service.house.facts import to_fact, to_records
from service.house.forgetting import FILES_AT_ONCE, MAX_TRIES, FilesBusy, drop_blob, say
from service.house.house import House
from service.house.principal import ENDED, Principal
from vault.durable import remove_abandoned

PAGE: Final = 500


async def erase(desk: Desk, who: Principal, password: str) -> int:
    """The position of ErasureRequested. When it is given, nothing of the account can be opened, and every session of it
    is refused, in every process.

    WrongPassword, BadCredentials: nothing was changed. Busy: it is asked for and will be carried out."""
    house = desk.house
    row = house.keyring.account(who.user)
    if row is None:
        raise BadCredentials(ENDED)
    await prove(desk, row, password)
    now = house.keyring.account(who.user)
    if now is None or now.password_verifier != row.password_verifier or not house.keyring.has_session(who.session_id):
        raise overtaken(house, who)  # Stretching took a while: what was proved must still hold.

    async def attempt() -> int:
        records = house.log.read_stream(f"account-{who.user}")
        events = account.decide(account.RequestErasure(), fold_account(records))
        if not events:
            return next(record.position for record in records if isinstance(to_fact(record).event, ErasureRequested))
        return (await desk.append(Append(to_records(who.user, f"account-{who.user}", len(records), events)))).last

    position = await decided(attempt)
    async with telling_later("The account is being erased."):
        await desk.aside(lambda: shut(house, who.user))
    return position


def shut(house: House, user: str) -> None:
    """All that opens anything of the account, and its uploads under way. Idempotent.

    The account first: an upload that is begun after its row is gone is refused, one that was begun before is found."""
    house.keyring.shut_account(user)
    for upload_id in house.pending.drop_user(user):
        remove_abandoned(house.layout.spool_file(upload_id))  # Who still writes to it holds it: the sweeper comes by.


def finish(house: House, log: Log, user: str) -> bool:
    """All that is left to be done. False, and nothing happens, unless the log says that the account is to be erased:
    who can write to the queue must not be able to destroy a key."""
    if not is_erasing(log, user):
        return False
    after: int | None = 0
    while after is not None:
        after = go_on(house, log, user, after)
    return True


def request_erasure(writer: LogWriter, log: Log, user: str) -> None:
    """For an account that no keyring opens any more, with nobody else on the folder. Idempotent."""
    records = log.read_stream(f"account-{user}")
    if events := account.decide(account.RequestErasure(), fold_account(records)):
        writer.append(Append(to_records(user, f"account-{user}", len(records), events)))


def is_erasing(log: Log, user: str) -> bool:
    return fold_account(log.read_stream(f"account-{user}")).erasing


def go_on(house: House, log: Log, user: str, after: int) -> int | None:
    """One piece of it, of bounded size, for whoever has other things to do as well: where the next begins, None when
    all is done. `after`: 0 at first. The files of the user's records up to there are gone already.

    FilesBusy, LogError, KeyringFull: again. Nothing happens unless the log says that the account is to be erased."""
    if not is_erasing(log, user):
        return None
    shut(house, user)
    if house.keyring.drop_remains(user):
        return after
    page = log.read_user(user, after, PAGE)
    if not page:
        _say_erased(house, log, user)
        return None
    # By the log: the read tables have let go of them. Each of their blobs has the id of one.
    begun = (record.envelope.stream for record in page if record.envelope.type == FileUploaded.__name__)
    file_ids = [stream.removeprefix("file-") for stream in begun]
    for start in range(0, len(file_ids), FILES_AT_ONCE):
        # A job that is at the file learns by it that there is nothing to be stored or found out any more.
        say(house, log, file.DeleteFile(), file_ids[start : start + FILES_AT_ONCE])
    for file_id in file_ids:
        drop_blob(house, file_id)
        house.layout.spool_file(file_id).unlink(missing_ok=True)
        forget_advance(house.layout, file_id)
    return page[-1].position


def _say_erased(house: House, log: Log, user: str) -> None:
    for _ in range(MAX_TRIES):
        records = log.read_stream(f"account-{user}")
        events = account.decide(account.FinishErasure(), fold_account(records))
        if not events:
            return
        try:
            house.writer.append(Append(to_records(user, f"account-{user}", len(records), events)))
        except VersionConflict:
            continue
        return
    raise FilesBusy
