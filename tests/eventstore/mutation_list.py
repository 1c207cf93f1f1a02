"""The mutations, and what an audit must say to each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.eventstore.mutations import (
    BUNDLE,
    OLDER,
    SIZE,
    Mutation,
    Original,
    audited,
    both,
    copied,
    cut_by,
    earlier,
    edit,
    edited,
    entries,
    flip,
    fork_of,
    hide,
    insert_forged,
    keep_signed,
    make_original,
    of_origin,
    put,
    renewed,
    resign,
    resigned,
    roll_back,
    run,
    swap,
    swapped,
    unsigned,
    with_a_wrong_line,
    without,
)

_NO_NOTE: Final = "a note is a text, a blank line and signature lines"
_SOMEBODY: Final = "10000000-0000-7000-8000-000000000000"
_RENUMBER: Final = "".join(
    f"UPDATE events SET position = {position - 1} WHERE position = {position};" for position in range(301, SIZE + 1)
)
_SWAP_PLACES: Final = """
    UPDATE events SET position = 5000 WHERE position = 300;
    UPDATE events SET position = 300 WHERE position = 301;
    UPDATE events SET position = 301 WHERE position = 5000;"""


def _column(name: str, value: str) -> Mutation:
    what = f"the column {name} is not what the envelope says"
    return Mutation(
        f"edit the column `{name}`",
        "data",
        run(f"UPDATE events SET {name} = {value} WHERE position = 300"),
        "position 300",
        what,
    )


def _hidden(index: str, position: int) -> Mutation:
    what = f"the index by {index} does not lead to it"
    return Mutation(
        f"hide an event from the index by {index}",
        "data",
        hide(f"events_by_{index}", position),
        f"position {position}",
        what,
    )


def _older(original: Original) -> bytes:
    return original.older


def _newest(original: Original) -> bytes:
    return original.checkpoint


def _fork(_: Original) -> bytes:
    return fork_of(OLDER)


ROWS: Final = (
    Mutation(
        "edit an envelope", "data", edit(300, leaf=False, public={"a": 1}), "position 300", "the leaf hash is not that"
    ),
    Mutation(
        "edit an envelope and its leaf hash",
        "data",
        edit(300, leaf=True, public={"a": 1}),
        "tile/0/001",
        "position 300",
    ),
    Mutation(
        "edit an envelope, its leaf hash and all tiles; an older checkpoint is at hand",
        "data",
        edit(900, leaf=True, tiles=True, public={"a": 1}),
        "log/checkpoint",
        "something in positions 701 to 1100",
        _older,
    ),
    Mutation(
        "edit the last event and its leaf hash, which no full tile has; an older checkpoint is at hand",
        "data",
        edit(SIZE, leaf=True, public={"a": 1}),
        "log/checkpoint",
        "something in positions 701 to 1100",
        _older,
    ),
    Mutation(
        "write an envelope in another form",
        "data",
        run("UPDATE events SET envelope = CAST(replace(envelope, ',', ', ') AS BLOB) WHERE position = 300"),
        "position 300",
        "not in its canonical form",
    ),
    Mutation(
        "edit what is sealed",
        "data",
        run("UPDATE events SET sealed = zeroblob(132) WHERE position = 296"),
        "position 296",
        "the sealed part is not the one",
    ),
    _column("stream", "'chat-other'"),
    _column("version", "77"),
    _column("type", "'MessageRead'"),
    _column("user", f"'{_SOMEBODY}'"),
    _column("at_us", "at_us + 1"),
    Mutation(
        "edit the leaf hash",
        "data",
        run("UPDATE events SET leaf_hash = zeroblob(32) WHERE position = 300"),
        "position 300",
        "the leaf hash is not that",
    ),
    Mutation(
        "edit a request tag",
        "data",
        run("UPDATE events SET request_key = randomblob(16), request_body = zeroblob(16) WHERE position = 300"),
        "position 300",
        "the request tag is not what",
    ),
    Mutation(
        "take a request tag away",
        "data",
        run("UPDATE events SET request_key = NULL, request_body = NULL WHERE position = 304"),
        "position 304",
        "the request tag is not what",
    ),
    Mutation(
        "delete an event", "data", run("DELETE FROM events WHERE position = 300"), "position 300", "the row is missing"
    ),
    Mutation(
        "delete an event and move the others up",
        "data",
        run(f"DELETE FROM events WHERE position = 300; {_RENUMBER}"),
        "position 300",
        "the envelope is that of position 301",
    ),
    Mutation(
        "delete the last event",
        "data",
        run(f"DELETE FROM events WHERE position = {SIZE}"),
        f"position {SIZE}",
        "the row is missing",
    ),
    Mutation(
        "cut the log off below the checkpoint",
        "data",
        run("DELETE FROM events WHERE position > 1000"),
        "position 1001",
        "the row is missing",
    ),
    Mutation("insert an event and renumber all behind it", "data", insert_forged, "tile/0/001", "position 300"),
    Mutation("swap two events", "data", run(_SWAP_PLACES), "position 300", "the envelope is that of position 301"),
    Mutation(
        "swap what two events have sealed",
        "data",
        run(swap("sealed", 298, 299)),
        "position 298",
        "the sealed part is not the one",
    ),
    Mutation(
        "swap a column of two events",
        "data",
        run(swap("user", 300, 302)),
        "position 300",
        "the column user is not what",
    ),
    Mutation(
        "skip a version of a stream, signed by the log's own key",
        "data",
        edit(300, leaf=True, tiles=True, sign=True, stream="chat-skipped", version=2),
        "position 300",
        "version 2 of its stream does not follow the one before",
    ),
    Mutation(
        "let time run back, signed by the log's own key",
        "data",
        edit(300, leaf=True, tiles=True, sign=True, at_us=1),
        "position 300",
        "its time is before that of the row before it",
    ),
    _hidden("stream", 300),
    _hidden("user", 300),
    _hidden("request", 304),
    Mutation("corrupt a tile", "data", put("log/tile/0/002", flip(3_200)), "tile/0/002", "position 613"),
    Mutation("cut a full tile short", "data", put("log/tile/0/002", cut_by(32)), "tile/0/002", "has 8160 bytes"),
    Mutation(
        "roll the whole folder back; a newer checkpoint is at hand",
        "data",
        roll_back,
        "checkpoint",
        "the history was rolled back",
        _newest,
    ),
    Mutation(
        "roll rows and checkpoint back, but not `signed`",
        "data",
        both(roll_back, keep_signed),
        "position 701",
        "log/signed covers 1100",
    ),
    Mutation("sign again with another key", "data", resign, "log/checkpoint", "no known key signed it"),
    Mutation("put another key there", "data", resign, "log/key", "is another key than the one given"),
    Mutation(
        "put a checkpoint of another log there",
        "data",
        put("log/checkpoint", of_origin),
        "log/checkpoint",
        "a checkpoint of example.org/other",
    ),
    Mutation(
        "put a checkpoint of a fork there, signed by the log's own key",
        "data",
        put("log/checkpoint", lambda _: fork_of(SIZE)),
        "log/checkpoint",
        "its root at 1100 is",
    ),
    Mutation(
        "show another history than an older checkpoint has",
        "data",
        both(),
        "the older checkpoint",
        "its root at 700 is",
        _fork,
    ),
    Mutation(
        "take the signature away",
        "data",
        put("log/checkpoint", unsigned),
        "log/checkpoint",
        _NO_NOTE,
    ),
    Mutation(
        "add a wrong signature under the log's name",
        "data",
        put("log/checkpoint", with_a_wrong_line),
        "log/checkpoint",
        "the signature of example.org/log is wrong",
    ),
    Mutation(
        "take the checkpoints away",
        "data",
        both(without("log/checkpoint"), without("log/signed")),
        "log/checkpoint",
        "is missing",
    ),
)

PUBLISHED: Final = (
    Mutation("edit an entry", "published", entries(edited), "tile/0/001", "position 300"),
    Mutation(
        "edit an entry and make all tiles anew; an older checkpoint is at hand",
        "published",
        renewed,
        "checkpoint",
        "something in positions 701 to 1100",
        _older,
    ),
    Mutation(
        "delete an entry", "published", entries(lambda one: one[:43] + one[44:]), BUNDLE, "has 255 entries, not 256"
    ),
    Mutation(
        "put one entry in another's place",
        "published",
        entries(lambda one: [*one[:43], one[44], *one[44:]]),
        "position 300",
        "the envelope is that of position 301",
    ),
    Mutation(
        "insert an entry",
        "published",
        entries(lambda one: [*one[:43], b"{}", *one[43:]]),
        BUNDLE,
        "has more than 256 entries",
    ),
    Mutation("swap two entries", "published", entries(swapped), "position 300", "the envelope is that of position 301"),
    Mutation("give an entry a wrong length", "published", put(BUNDLE, flip(1)), BUNDLE, ""),
    Mutation("cut a bundle short", "published", put(BUNDLE, cut_by(5)), BUNDLE, "breaks off within entry 255"),
    Mutation("take a bundle away", "published", without(BUNDLE), BUNDLE, "is missing"),
    Mutation("corrupt a tile of level 0", "published", put("tile/0/002", flip(3_200)), "tile/0/002", "position 613"),
    Mutation(
        "corrupt a partial tile of level 0",
        "published",
        put("tile/0/004.p/76", flip(0)),
        "tile/0/004.p/76",
        "position 1025",
    ),
    Mutation(
        "corrupt a tile of level 1",
        "published",
        put("tile/1/000.p/4", flip(32)),
        "tile/1/000.p/4",
        "positions 257 to 512",
    ),
    Mutation("serve a short tile as full", "published", put("tile/0/002", cut_by(32)), "tile/0/002", "has 8160 bytes"),
    Mutation(
        "serve a partial tile of another width",
        "published",
        put("tile/0/004.p/76", cut_by(64)),
        "tile/0/004.p/76",
        "has 2368 bytes",
    ),
    Mutation("take a tile away", "published", without("tile/0/002"), "tile/0/002", "is missing"),
    Mutation(
        "roll back all that is published; a newer checkpoint is at hand",
        "published",
        earlier,
        "checkpoint",
        "the history was rolled back",
        _newest,
    ),
    Mutation("sign again with another key", "published", resigned, "checkpoint", "no known key signed it"),
    Mutation(
        "serve a checkpoint of another log",
        "published",
        put("checkpoint", of_origin),
        "checkpoint",
        "a checkpoint of example.org/other",
    ),
    Mutation(
        "serve a checkpoint of a fork, signed by the log's own key",
        "published",
        put("checkpoint", lambda _: fork_of(SIZE)),
        "checkpoint",
        "its root at 1100 is",
    ),
    Mutation(
        "show another history than an older checkpoint has",
        "published",
        both(),
        "the older checkpoint",
        "its root at 700 is",
        _fork,
    ),
    Mutation(
        "take the signature away",
        "published",
        put("checkpoint", unsigned),
        "checkpoint",
        _NO_NOTE,
    ),
    Mutation("take the checkpoint away", "published", without("checkpoint"), "checkpoint", "is missing"),
)


def mutations_table() -> Iterator[tuple[str, str, str]]:
    """(mutation, where it was made, what the audit said first of it), of each, made and audited now."""
    with tempfile.TemporaryDirectory() as folder:
        original = make_original(Path(folder) / "original")
        for number, mutation in enumerate((*ROWS, *PUBLISHED)):
            verdict = audited(mutation, original, copied(mutation, original, Path(folder) / str(number)))
            said = next(
                each.line for each in verdict.findings if each.where == mutation.where and mutation.what in each.what
            )
            place = "data folder" if mutation.place == "data" else "export, URL"
            yield mutation.name, place, said
