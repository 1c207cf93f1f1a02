"""Where backups go: outside the folder they are of, one at a time, by names in the order of time, until it is full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import gmtime, strftime

from eventstore.errors import LogFull
from service.backup.copying import remove_tree
from service.backup.errors import BackupRefused
from service.backup.manifest import PART, complete, is_name
from service.house.house import House
from service.machine import locks
from vault.errors import KeyringFull


def require_outside(house: House, *targets: Path) -> None:
    """BackupRefused for a folder in the data folder or around it, and for one that is to hold both parts."""
    data = house.layout.data.resolve()
    if len({target.resolve() for target in targets}) < len(targets):
        raise BackupRefused("the keyring goes to a folder of its own: a generation has no key")
    for target in targets:
        place = target.resolve()
        if place == data or data in place.parents or place in data.parents:
            raise BackupRefused(f"{target} and the data folder lie in each other: a backup belongs elsewhere")


@contextmanager
def one_at_a_time(house: House, target: Path, keys_target: Path) -> Iterator[None]:
    """BackupRefused while another backup of this folder, or into one of the two, is taken or put back. What one that
    was cut off left there goes first."""
    for folder in (target, keys_target):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as held:
        for path in (house.layout.run / "backup.lock", target / ".lock", keys_target / ".lock"):
            if path.is_symlink():
                raise BackupRefused(f"{path} is a link")
            lock = locks.take(path)
            if lock is None:
                raise BackupRefused("another backup is being taken or put back: wait for its end")
            held.enter_context(lock)
        for folder in (target, keys_target):
            clear_cut_off(folder)
        yield


def clear_cut_off(folder: Path) -> None:
    """What was not brought to its end, be it to be written or to be removed. Under the folder's lock."""
    for left in folder.glob(f"*{PART}"):
        if is_name(left.name.removesuffix(PART)):
            remove_tree(left)


@contextmanager
def full_disk_told(whose: str) -> Iterator[None]:
    """A full disk by that name, whichever room met it; told once, by whoever knows best `whose` it is."""
    full = f"the disk of {whose} is full: nothing of this backup was kept, earlier ones are as they were"
    try:
        yield
    except (LogFull, KeyringFull) as error:
        raise BackupRefused(f"{full} ({error})") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BackupRefused(full) from error
        raise


def free_name(house: House, *folders: Path) -> str:
    """By the clock, and later than all that are there: the order of names is the order of backups."""
    name = strftime("%Y-%m-%dT%H-%M-%SZ", gmtime(house.clock_us() / 1e6))
    newest = max((each.name for folder in folders for each in complete(folder)), default="")
    number = 2
    free = name
    while any(os.path.lexists(folder / free) for folder in folders):
        free = f"{name}-{number}"
        number += 1
    if free <= newest:
        raise BackupRefused(f"there is a backup of {newest}, and by this machine's clock it is {free}: set it right")
    return free
