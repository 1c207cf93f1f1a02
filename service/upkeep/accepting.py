"""An older keyring that is all there is: brought up to what the log says, before anything is served from it.

Put back, it has what was destroyed since, and lacks what came since. The log knows both. So, with nobody else on the
folder: accounts that were erased go; sessions and tokens that were closed go; keys of deleted chats and files go;
factors that were removed and back-up codes that were used go, and so does an authenticator that may have been replaced:
the log counts how often one was set, and cannot tell one from another. Of an account whose password, recovery code or
factors the log has changed since, what was replaced opens nothing any more: its owner changed it so that it should not,
and may have done so because somebody else had it. The other way in still holds, and makes a new one of either. Where
the log asks for a second factor and none of those that it knows is left, the password alone does not lead in: the
recovery code does. Where both ways were replaced, nothing is left but sessions and passkeys; whom the operator knows,
they can let in with what held before, by name.

Accounts that the log has and this keyring lacks came after it. Their keys are nowhere but in the newer keyring, so
while that may be found their files are not touched, and nothing is accepted. Given up, they are erased, since nobody
can ever open them: the log is told so first, and what follows is any erasure's.

Each step done twice changes nothing, and only the last one makes this keyring the newest: cut off, the next start is
refused like the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from service.accounts.accounts import fold_account
from service.house import keyring_lost
from service.house.house import House
from service.management.erasing import finish, request_erasure
from service.upkeep.revived import drop_all, pages, told_of
from service.upkeep.sweep import Swept, first_sweep
from vault.keyring_revived import Stale, Told

NO_END_S: Final = float("inf")


class NotAlone(RuntimeError):
    """Something else works on the folder."""

    def __init__(self) -> None:
        super().__init__("something is running on this data folder: stop it first")


class AccountsLost(RuntimeError):
    """Some would be lost, and nobody has said that they may be. Nothing was changed."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"the log has {count} accounts that this keyring.db lacks: they registered after it was copied. Put the"
            " newer keyring.db back, and they are there again; or say --give-up-lost, and they are erased, with their"
            " files"
        )
        self.count = count


class StaleAccount(msgspec.Struct, frozen=True):
    """An account of which this keyring has what the log has replaced. `shut`: no way in is left by a name."""

    user_id: str
    stale: frozenset[Stale]
    kept: bool

    @property
    def shut(self) -> bool:
        return not self.kept and "recovery_code" in self.stale and bool(self.stale & {"password", "second_factor"})


class Accepted(msgspec.Struct, frozen=True):
    """`lost`: how many accounts were given up. `generation`: what the keyring's is from here on."""

    accounts: list[StaleAccount]
    lost: int
    ways_in: int
    swept: Swept
    generation: int


def stale_accounts(house: House, keep: Sequence[str] = ()) -> Iterator[StaleAccount]:
    """What would be settled; changes nothing. `keep`: users whose old password and recovery code shall hold again."""
    for user, told in _told(house):
        if stale := house.keyring.stale(user, told):
            yield StaleAccount(user, stale, user in keep)


def lost_accounts(house: House) -> Iterator[str]:
    """Users that the log has and this keyring lacks; changes nothing."""
    return keyring_lost.lost_accounts(house.keyring, house.log)


def accept(house: House, keep: Sequence[str] = (), *, give_up_lost: bool = False) -> Accepted:
    """With a house that was opened with `older_keyring`. NotAlone, AccountsLost; LogError, KeyringFull, FilesBusy:
    again."""
    with house.alone() as alone:
        if not alone:
            raise NotAlone
        if not give_up_lost and (count := sum(1 for _ in lost_accounts(house))):
            raise AccountsLost(count)
        lost = 0
        for user in lost_accounts(house):
            request_erasure(house.writer, house.log, user)
            finish(house, house.log, user)
            lost += 1
        ways_in = drop_all(house, house.log)
        house.keyring.drop_invitations()  # Used up or taken back since: the log knows nothing of them.
        accounts = []
        for user, told in _told(house):
            if stale := house.keyring.settle(user, told, keep=user in keep):
                accounts.append(StaleAccount(user, stale, user in keep))
        swept = first_sweep(house, NO_END_S)
        return Accepted(accounts, lost, ways_in, swept, house.keyring.accept_older())


def _told(house: House) -> Iterator[tuple[str, Told]]:
    """Every account that is there, and what the log says of it."""
    for users in pages(house.keyring.account_ids):
        for user in users:
            records = house.log.read_stream(f"account-{user}")
            if fold_account(records).there:
                yield user, told_of(records)
