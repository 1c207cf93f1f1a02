"""Every way to change a history that we could think of, each with where an audit must find it.

`python -m tests.docs.tables` writes them into docs/verification.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import apsw
import msgspec

from eventstore.bundles import encode_bundle
from eventstore.checkpoint import parse_checkpoint
from eventstore.log import Log
from eventstore.merkle import leaf_hash, tree_root
from eventstore.note import SignerKey, parse_note
from eventstore.schema import SCHEMA
from eventstore.tiles import TileFolder, Tree
from eventstore.verify.checkpoints import Policy
from eventstore.verify.crew import Crew, processes
from eventstore.verify.data_folder import verify_folder
from eventstore.verify.published import FolderSource, parse_bundle, verify_static
from eventstore.verify.verdict import Verdict
from service.audit.log_export import export
from service.machine.layout import Layout
from tests.eventstore.made_log import SIGNER, made_log, sign_log, signed

SIZE: Final = 1_100  # Four full tiles and 76 entries behind them.
OLDER: Final = 700
KEY: Final = SIGNER.verifier
OTHER: Final = SignerKey(KEY.name, bytes(32))
TRIGGERS: Final = "CREATE TRIGGER" + SCHEMA.partition("CREATE TRIGGER")[2]


def silent(_done: int, _total: int) -> None:
    """No progress is shown."""


def alone(_positions: int) -> AbstractContextManager[Crew]:
    """No process besides this one."""
    return processes(1)


class Original(NamedTuple):
    """What is mutated: never itself, always a copy."""

    data: Path
    published: Path
    checkpoint: bytes
    older: bytes


class Mutation(NamedTuple):
    """`change` gets the copy. The audit must find `what` at `where`; `since` is an older checkpoint that it holds."""

    name: str
    place: Literal["data", "published"]
    change: Callable[[Path, Original], None]
    where: str
    what: str
    since: Callable[[Original], bytes] | None = None


def make_original(folder: Path) -> Original:
    data = folder / "data"
    made_log(data, SIZE, sign=False)
    older = sign_log(data, size=OLDER)
    checkpoint = sign_log(data)
    export(Layout(data), folder / "published", silent)
    return Original(data, folder / "published", checkpoint, older)


def copied(mutation: Mutation, original: Original, target: Path) -> Path:
    """The original with the mutation made."""
    shutil.copytree(original.data if mutation.place == "data" else original.published, target)
    mutation.change(target, original)
    return target


def audited(mutation: Mutation, original: Original, target: Path) -> Verdict:
    """As a folder."""
    policy = policy_of(mutation, original)
    if mutation.place == "data":
        return verify_folder(target, policy, silent)
    source = FolderSource(target)
    return verify_static("published", source, KEY, policy, silent, alone)


def policy_of(mutation: Mutation, original: Original) -> Policy:
    return Policy(key=KEY, since=None if mutation.since is None else mutation.since(original))


# -- a data folder ---------------------------------------------------------------------------------------------------


@contextmanager
def tampering(folder: Path) -> Iterator[apsw.Connection]:
    """The database without its triggers, which are there again afterwards."""
    connection = apsw.Connection(str(folder / "events.db"))
    try:
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        connection.execute(TRIGGERS)
    finally:
        connection.close()


def run(sql: str) -> Callable[[Path, Original], None]:
    """Statements against the rows."""

    def change(folder: Path, original: Original) -> None:
        with tampering(folder) as connection:
            connection.execute(sql)

    return change


def swap(column: str, first: int, second: int) -> str:
    """One column of two rows."""
    return f"""
        UPDATE events SET {column} = (SELECT {column} FROM events AS other WHERE other.position =
            CASE events.position WHEN {first} THEN {second} ELSE {first} END)
        WHERE position IN ({first}, {second});"""


def rewrite(connection: apsw.Connection, position: int, /, *, leaf: bool = True, **fields: Any) -> None:
    """The envelope with other fields, canonical again; the columns and, if asked, the leaf hash follow it."""
    (envelope,) = connection.execute("SELECT envelope FROM events WHERE position = ?", (position,)).fetchone() or (b"",)
    changed = msgspec.json.encode({**msgspec.json.decode(envelope), **fields}, order="sorted")
    connection.execute("UPDATE events SET envelope = ? WHERE position = ?", (changed, position))
    if leaf:
        connection.execute("UPDATE events SET leaf_hash = ? WHERE position = ?", (leaf_hash(changed), position))
    for column in fields.keys() & {"stream", "version", "type", "user", "at_us"}:
        connection.execute(f"UPDATE events SET {column} = ? WHERE position = ?", (fields[column], position))


def edit(
    position: int, *, leaf: bool, tiles: bool = False, sign: bool = False, **fields: Any
) -> Callable[[Path, Original], None]:
    """An envelope, and of what hangs on it what is asked for."""

    def change(folder: Path, original: Original) -> None:
        with tampering(folder) as connection:
            rewrite(connection, position, leaf=leaf, **fields)
        if tiles:
            retile(folder)
        if sign:
            sign_log(folder)

    return change


def retile(folder: Path) -> bytes:
    """All tiles anew from the leaf hashes of the rows; their root."""
    shutil.rmtree(folder / "log" / "tile")
    with closing(Log(folder / "events.db")) as log:
        tree = Tree(TileFolder(folder / "log"), log.read_leaves)
        tree.materialise(0, log.head())
        return tree_root(log.head(), tree.node)


def insert_forged(folder: Path, original: Original) -> None:
    """One more event at 300; all behind it is moved on by one, and the last one dropped."""
    with tampering(folder) as connection:
        connection.execute(f"DELETE FROM events WHERE position = {SIZE}")
        for position in range(SIZE - 1, 299, -1):
            connection.execute("UPDATE events SET position = position + 1 WHERE position = ?", (position,))
            rewrite(connection, position + 1, position=position + 1)
        connection.execute(
            "INSERT INTO events SELECT 300, 'chat-forged', 1, type, user, at_us, envelope, sealed, leaf_hash, NULL,"
            " NULL FROM events WHERE position = 301"
        )
        rewrite(connection, 300, position=300, stream="chat-forged", version=1, type="ChatStarted")


def put(path: str, change: Callable[[bytes], bytes]) -> Callable[[Path, Original], None]:
    """One file changed."""

    def apply(folder: Path, original: Original) -> None:
        (folder / path).write_bytes(change((folder / path).read_bytes()))

    return apply


def both(*changes: Callable[[Path, Original], None]) -> Callable[[Path, Original], None]:
    def apply(folder: Path, original: Original) -> None:
        for change in changes:
            change(folder, original)

    return apply


def flip(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def cut_by(count: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:-count]


def roll_back(folder: Path, original: Original) -> None:
    with tampering(folder) as connection:
        connection.execute(f"DELETE FROM events WHERE position > {OLDER}")
    shutil.rmtree(folder / "log" / "tile")
    sign_log(folder)


def keep_signed(folder: Path, original: Original) -> None:
    (folder / "log" / "signed").write_bytes(original.checkpoint)


def resign(folder: Path, original: Original) -> None:
    sign_log(folder, OTHER)


def fork_of(size: int) -> bytes:
    """Another history under the same key."""
    return signed(size, bytes([7]) * 32)


def unsigned(data: bytes) -> bytes:
    return data.partition(b"\n\n")[0] + b"\n\n"


def with_a_wrong_line(data: bytes) -> bytes:
    return data + KEY_LINE


KEY_LINE: Final = SIGNER.sign("something else\n").line.encode()


def of_origin(data: bytes) -> bytes:
    """Signed by the right key over another log's name."""
    text = data.decode().partition("\n\n")[0] + "\n"
    text = text.replace(KEY.name, "example.org/other")
    return (text + "\n" + SIGNER.sign(text).line).encode()


def hide(index: str, position: int) -> Callable[[Path, Original], None]:
    """From one index; the row and the schema are as they were."""

    def change(folder: Path, original: Original) -> None:
        with tampering(folder) as connection, remade_index(connection, index) as declared:
            more = "AND" if " WHERE " in declared else "WHERE"
            connection.execute(f"{declared} {more} position <> {position}")

    return change


@contextmanager
def remade_index(connection: apsw.Connection, name: str) -> Iterator[str]:
    """Without it; whatever is made under its name meanwhile is then declared as it was. Yields that declaration."""
    found = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    assert found is not None
    connection.execute(f"DROP INDEX {name}")
    yield str(found[0])
    connection.pragma("writable_schema", True)
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (found[0], name))


# -- what is published -----------------------------------------------------------------------------------------------

BUNDLE: Final = "tile/entries/001"


def entries(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path, Original], None]:
    """The entries of positions 257 to 512."""
    return put(BUNDLE, lambda data: encode_bundle(change(parse_bundle(data, 256))))


def edited(one: list[bytes]) -> list[bytes]:
    return [*one[:43], one[43].replace(b'"user":"0', b'"user":"1'), *one[44:]]


def swapped(one: list[bytes]) -> list[bytes]:
    return [*one[:43], one[44], one[43], *one[45:]]


def without(path: str) -> Callable[[Path, Original], None]:
    return lambda folder, _: (folder / path).unlink()


def renewed(folder: Path, original: Original) -> None:
    """An edited entry, with all tiles made anew; the checkpoint stays."""
    data = folder.with_name(f"{folder.name}-data")
    shutil.copytree(original.data, data)
    edit(900, leaf=True, tiles=True, user="10000000-0000-7000-8000-000000000000")(data, original)
    sign_log(data)
    shutil.rmtree(folder)
    export(Layout(data), folder, silent)
    (folder / "checkpoint").write_bytes(original.checkpoint)


def earlier(folder: Path, original: Original) -> None:
    """The whole log as it was published at 700."""
    data = folder.with_name(f"{folder.name}-data")
    shutil.copytree(original.data, data)
    roll_back(data, original)
    shutil.rmtree(folder)
    export(Layout(data), folder, silent)


def resigned(folder: Path, original: Original) -> None:
    root = parse_checkpoint(parse_note(original.checkpoint).text).root
    (folder / "checkpoint").write_bytes(signed(SIZE, root, OTHER))
