"""`strongroom backup`, `restore` and `rotate-server-key`. What a command needs is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.command import Data, fail, failing_plainly, open_house, own_settings

if TYPE_CHECKING:
    from pathlib import Path

Keyrings = Annotated[
    str | None, typer.Option("--keyring", metavar="DIR2", help="Where copies of the keyring go; else DIR/keyrings.")
]


def backup(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where generations go, one folder each.")],
    data: Data = None,
    keyring: Keyrings = None,
    keep_keyrings: Annotated[
        int | None,
        typer.Option(
            "--keep-keyrings", min=1, metavar="N", help="At most so many copies of the keyring, within the horizon."
        ),
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, metavar="N", help="At most so many generations; else all stay.")
    ] = None,
    other_log: Annotated[
        bool, typer.Option("--other-log", help="This log takes the place of the one that has its backups there.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not read again what the generation before has already.")
    ] = False,
    prune_only: Annotated[
        bool, typer.Option("--prune-only", help="Take none: remove copies of the keyring that are past the horizon.")
    ] = False,
) -> None:
    """Take a backup while everything goes on. 1 when files of the folder, or of the last backup, are damaged."""
    from pathlib import Path

    if prune_only:
        if keep is not None or other_log or quick:
            fail("--prune-only goes with --keyring and --keep-keyrings alone: it takes no backup", 2)
        _prune(data, _keyrings(Path(folder), keyring), keep_keyrings)
        return

    from service.backup import taking
    from service.machine.progress import progress

    target = Path(folder)
    keyrings = _keyrings(target, keyring)
    with open_house(data) as house, progress("backing up, MiB") as show:
        ways = taking.Ways(keep_keyrings=keep_keyrings, keep=keep, other_log=other_log, quick=quick)
        taken = taking.take(house, target, keyrings, show, ways)
    for name in taken.removed_keyrings:
        typer.echo(f"removed keyring {name}")
    for name in taken.removed_generations:
        typer.echo(f"removed generation {name}")
    for fault in taken.faults:
        typer.echo(f"fault {fault}")
    for spoilt in taken.spoilt:
        typer.echo(f"spoilt {spoilt}: copied anew. Look at that disk")
    typer.echo(
        f"backed up {taken.log_size} positions and {taken.files} files, {taken.new_files} of them new"
        f" ({taken.new_bytes >> 20} MiB), to {taken.folder}"
    )
    typer.echo(f"the keyring is in {taken.keyring}: as long as it exists, it opens what is deleted from now on")
    typer.echo("not in it: the server key, without which nothing opens. Keep a copy of it at a third place")
    if taken.faults or taken.spoilt:
        raise typer.Exit(1)


def restore(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where `backup` put generations.")],
    data: Data = None,
    keyring: Keyrings = None,
    server_key: Annotated[
        str | None,
        typer.Option(
            "--server-key", metavar="FILE", help="A copy of server.key; else STRONGROOM_SERVER_KEY (or _FILE)."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="FILE", help="The newest checkpoint of this log that there is anywhere."),
    ] = None,
    begin_anew: Annotated[
        bool, typer.Option("--begin-anew", help="What is put back becomes a log of its own, with a new key and name.")
    ] = False,
    generation: Annotated[str, typer.Option("--generation", metavar="NAME", help="Which one; else the newest.")] = "",
    without_damaged: Annotated[
        bool, typer.Option("--without-damaged", help="Leave out stored files that are damaged in the backup.")
    ] = False,
    as_it_was: Annotated[
        bool, typer.Option("--as-it-was", help="Sessions, tokens, and whoever was erased since come back.")
    ] = False,
) -> None:
    """Put a backup into a new folder, after everything in it has been checked."""
    settings = own_settings(data=data)
    from pathlib import Path

    from service.backup.choosing import Asked
    from service.backup.restoring import Restored
    from service.backup.restoring import restore as put_back
    from service.machine.given_key import is_given
    from service.machine.process import harden
    from service.machine.progress import progress

    if is_given(settings) == (server_key is not None):
        fail("the server key comes from --server-key FILE or from STRONGROOM_SERVER_KEY: give one of them", 2)
    harden()
    asked = Asked(
        folder=Path(folder),
        keyrings=_keyrings(Path(folder), keyring),
        settings=settings,
        server_key=None if server_key is None else _key_in(Path(server_key)),
        since=None if since is None else _small(Path(since)),
        begin_anew=begin_anew,
        generation=generation,
        without_damaged=without_damaged,
        as_it_was=as_it_was,
    )
    with failing_plainly(), progress("restoring, MiB") as show:
        said: Restored = put_back(asked, show)
    typer.echo(
        f"restored {said.name}: {said.positions} positions, {said.blobs} blobs, {said.spools} unfinished uploads"
    )
    for fault in said.faults:
        typer.echo(f"fault {fault}")
    if said.keyring != said.name:
        typer.echo(
            f"with the keyring of {said.keyring}: what was deleted until then stays so, uploads that were not stored"
            " before may fail"
        )
    if as_it_was:
        typer.echo("as it was: sessions and tokens that were closed since open it again, and erased accounts are back")
    else:
        typer.echo(f"{said.ways_in} sessions and tokens are gone: everybody signs in again")
    if said.gone.any:
        typer.echo(
            f"destroyed since, and not brought back: {said.gone.accounts} accounts, {said.gone.streams} chats and"
            f" files, {said.gone.passkeys} passkeys"
        )
    if said.lost:
        typer.echo(f"{said.lost} positions are lost: they were signed after this backup")
    if said.anew:
        typer.echo(f"the log has a new key: {said.anew}")
    elif not said.signs:
        typer.echo(
            "nothing is started on it yet, since the log may have gone on after this backup, under the same key."
        )
        typer.echo("  If it has, or nobody knows: strongroom log begin-anew --yes")
        typer.echo("  If it has not: restore again, with --since and the newest checkpoint that there is")
    if said.faults:
        raise typer.Exit(1)


def rotate_server_key(
    data: Data = None,
    new_key: Annotated[
        str | None,
        typer.Option(
            "--new-key", metavar="FILE", help="The new key, where STRONGROOM_SERVER_KEY (or _FILE) has the old one."
        ),
    ] = None,
) -> None:
    """Replace the server key, and everything that lies under it. While Strongroom is stopped."""
    settings = own_settings(data=data)
    from pathlib import Path

    from service.machine.given_key import is_given
    from service.upkeep.rotating import rotate

    if is_given(settings) != (new_key is not None):
        fail("--new-key belongs to a key in the environment; server.key gets its new one by itself", 2)
    given = None if new_key is None else _key_in(Path(new_key))
    with open_house(data) as house:
        rotated = rotate(house, given)
    typer.echo(f"{rotated.accounts} accounts, {rotated.uploads} uploads and the log's key are under a new server key")
    if not is_given(settings):
        typer.echo("server.key is the new one, and the old one is gone: keep a copy of it, apart from the backups")
    else:
        where = f"put into {settings.server_key_file}" if settings.server_key_file else "set STRONGROOM_SERVER_KEY to"
        typer.echo(f"{where} the new one now: nothing starts under the old one")
    typer.echo("copies of the keyring from before need the old key: take a backup now")


def _prune(data: str | None, folder: Path, keep: int | None) -> None:
    settings = own_settings(data=data)
    from service.backup.pruning import prune
    from service.machine.ids import now_us
    from service.machine.units import DAY_US

    with failing_plainly():
        pruned = prune(folder, now_us() - settings.backup_horizon_days * DAY_US, keep)
    for name in pruned.removed:
        typer.echo(f"removed keyring {name}")
    oldest = f", the oldest of {pruned.left[0]}" if pruned.left else ""
    typer.echo(f"{len(pruned.left)} copies of the keyring are left in {folder}{oldest}; no backup was taken")


def _keyrings(target: Path, given: str | None) -> Path:
    from pathlib import Path

    return target / "keyrings" if given is None else Path(given)


def _key_in(path: Path) -> bytes:
    """32 bytes, as in `server.key`, or 64 hex digits. Ends the program when it is neither."""
    from service.machine.given_key import key_in
    from service.machine.layout import SERVER_KEY_BYTES

    key = key_in(_small(path))
    if key is None:
        fail(f"{path} holds no server key: {SERVER_KEY_BYTES} bytes, or as many in hex", 2)
    return key


def _small(path: Path) -> bytes:
    from eventstore.note import MAX_NOTE_BYTES
    from eventstore.verify.files import FileRefused, read_small

    try:
        data = read_small(path, MAX_NOTE_BYTES)
    except FileRefused as refused:
        fail(f"{path} {refused}", 2)
    if data is None:
        fail(f"there is no {path}", 2)
    return data
