"""The checker against logs that the tests make: a sound one is accepted, every mutation refused for its reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.auditor import checker
from tests.auditor.checker import follow
from tests.auditor.made import Key, MadeLog, Page, bundle, mth, piece, served
from tests.auditor.notes import Checkpoint, Note, VerifierKey
from tests.auditor.refusal import Reason, Refused
from tests.auditor.serving import Unreachable, index_path
from tests.auditor.tearing import (
    CHANGED,
    NEW,
    OLD,
    entry,
    flip,
    follow_once,
    key_of,
    made_entries,
    published,
    refused,
)
from tests.auditor.tree import Edge, leaf_hash

HERE = Path(__file__).parent
# -- accepted


def test_the_logs_made_here_hash_as_the_known_vectors_of_certificate_transparency_do() -> None:
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    entries = [bytes.fromhex(each) for each in inputs]
    assert mth(entries[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert mth(entries).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_a_note_signed_by_another_program_verifies() -> None:
    """The example in the documentation of Go's golang.org/x/mod/sumdb/note."""
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    Note.parse(note.encode()).require_signed(key)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 513])
def test_a_sound_log_is_accepted_at_first_sight(size: int) -> None:
    made = published(size)
    with served(made) as url:
        checked = follow(url, key_of(made))
    assert (checked.before, checked.checkpoint.size, checked.checkpoint.root) == (0, size, mth(made.entries))
    assert checked.bundles == -(-size // 256)


def test_a_growing_log_is_followed_from_size_to_size() -> None:
    made = MadeLog(entries=made_entries(1030))
    remembered: Checkpoint | None = None
    with served(made) as url:
        for size in (0, 1, 2, 2, 255, 256, 256, 257, 511, 512, 768, 1025, 1030):
            made.publish(size)
            checked = follow(url, key_of(made), remembered)
            assert checked.before == (remembered.size if remembered else 0)
            remembered = checked.checkpoint
            assert remembered.root == mth(made.entries[:size])


def test_a_log_of_three_levels_is_followed_across_their_boundary_and_only_what_is_new_is_read() -> None:
    made = MadeLog(entries=made_entries(66_000))
    with served(made) as url:
        made.publish(65_530)
        first = follow(url, key_of(made))
        assert (first.bundles, first.tiles) == (256, 257)  # All of level 0, and the partial one above.
        made.publish()
        second = follow(url, key_of(made), first.checkpoint)
        assert second.checkpoint.size == 66_000
        assert (second.bundles, second.tiles) == (3, 2 + 3 + 3)  # Old edge, level 0, and three tiles above.
        assert follow(url, key_of(made)).checkpoint == second.checkpoint
        del made.entries[65_000]
        made.entries.append(b"more")
        made.publish()
        with pytest.raises(Refused) as caught:
            follow(url, key_of(made), first.checkpoint)
        assert caught.value.reason is Reason.HISTORY


def test_a_tree_of_sixteen_million_entries_is_followed_to_where_three_tiles_fill_at_once() -> None:
    """Made of its right edge alone: the rest of it is hashes, whatever of."""
    made, some = MadeLog(), made_entries(256)
    leaves = [leaf_hash(each) for each in some]
    others = [mth([b"%d" % at]) for at in range(255)]
    edge = Edge([leaves[:255], others, others])
    remembered = Checkpoint(made.key.name, 256**3 - 1, edge.root(), b"")
    for level, hashes in edge.add(0, leaves[255:]):
        made.pages[f"tile/{level}/{('x065/535', '255', '000')[level]}"] = Page(b"".join(hashes))
    made.pages["tile/3/000.p/1"] = Page(edge.root())
    made.pages["tile/entries/x065/535"] = Page(bundle(some))
    made.sign(256**3, edge.root())
    with served(made) as url:
        checked = follow(url, key_of(made), remembered)
    assert (checked.checkpoint.size, checked.bundles, checked.tiles) == (256**3, 1, 3 + 1 + 3)


def test_a_partial_tile_that_has_given_way_to_the_full_one_is_read_from_that() -> None:
    made = published(NEW)
    whole = made_entries(768)
    signed = made.pages["checkpoint"]
    made.entries = whole
    made.publish()
    made.pages["checkpoint"] = signed
    for folder in ("tile/0", "tile/entries"):
        del made.pages[piece(folder, 2, NEW - 512)]
    with served(made) as url:
        assert follow(url, key_of(made)).checkpoint.size == NEW


def test_signatures_of_strangers_and_extension_lines_change_nothing() -> None:
    made = published(10)
    made.sign(10, mth(made.entries), more="an extension\n")
    stranger, namesake = Key("stranger.example"), Key(made.key.name)
    made.replace("checkpoint", lambda note: note + (stranger.sign("other\n") + namesake.sign("other\n")).encode())
    with served(made) as url:
        assert follow(url, key_of(made)).checkpoint.size == 10


def test_bundles_are_accepted_packed_and_plain() -> None:
    made = published(10)
    path = piece("tile/entries", 0, 10)
    made.pages[path] = Page(made.pages[path].body, encoding="identity")
    with served(made) as url:
        assert follow(url, key_of(made)).checkpoint.size == 10


# -- refused by who remembers: each of these is a sound log, signed by its own key


def edited(at: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda entries: [*entries[:at], CHANGED, *entries[at + 1 :]]


HISTORIES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "the first entry changed": edited(0),
    "an entry in a full tile changed": edited(255),
    "an entry in the partial tile changed": edited(280),
    "the last entry changed": edited(OLD - 1),
    "an entry removed": lambda entries: entries[:7] + entries[8:],
    "an entry put in": lambda entries: [*entries[:7], CHANGED, *entries[7:]],
    "two entries swapped": lambda entries: [entries[1], entries[0], *entries[2:]],
    "all entries changed": lambda entries: [CHANGED] * len(entries),
}


@pytest.mark.parametrize("size", [OLD, OLD + 1, 512, NEW])
@pytest.mark.parametrize("what", HISTORIES)
def test_a_history_made_anew_is_refused_by_who_remembers(what: str, size: int) -> None:
    made = published(OLD)
    remembered = follow_once(made)
    made.entries = HISTORIES[what](made_entries(NEW + 1))[:size]
    made.pages.clear()
    made.publish()
    assert follow_once(made).size == size, "whoever sees it for the first time has nothing to compare"
    assert refused(made, remembered) is Reason.HISTORY


def test_a_smaller_log_is_refused_by_who_remembers() -> None:
    made = published(NEW)
    remembered = follow_once(made)
    made.publish(NEW - 1)
    assert refused(made, remembered) is Reason.SMALLER


def test_another_root_of_the_same_size_is_refused_even_when_the_tiles_are_the_old_ones() -> None:
    made = published(NEW)
    remembered = follow_once(made)
    made.sign(NEW, mth([b"other"]))
    assert refused(made, remembered) is Reason.HISTORY


@pytest.mark.parametrize("at", [OLD - 1, OLD, NEW - 1])
def test_the_bundle_that_grows_is_read_as_a_whole(at: int) -> None:
    """Also its entries that were there before: what is served as an entry must still be what was accepted."""
    made = published(OLD)
    remembered = follow_once(made)
    made.entries = made_entries(NEW)
    made.publish()
    entry(at, leaf=False)(made)
    assert refused(made, remembered) is Reason.LEAF


def test_tiles_that_change_between_two_questions_do_not_deceive() -> None:
    """The old tile for the old root, a new one for the entries: caught because both are compared with each other."""
    made = published(OLD)
    remembered = follow_once(made)
    made.entries = edited(280)(made_entries(512))
    made.publish()
    sound = b"".join(mth([each]) for each in made_entries(512)[256:])
    made.pages = TurningPages(made.pages, "tile/0/001", Page(sound))
    assert refused(made, remembered) is Reason.HISTORY


class TurningPages(dict[str, Page]):
    """Serves `first` when `path` is asked for the first time, and what is there from then on."""

    def __init__(self, pages: dict[str, Page], path: str, first: Page) -> None:
        super().__init__(pages)
        self._path, self._first = path, [first]

    def get(self, path: str, default: Page) -> Page:  # type: ignore[override]  # all that the server asks for
        if path == self._path and self._first:
            return self._first.pop()
        return super().get(path, default)


# -- keys, paths and the command line


@pytest.mark.parametrize(
    "wrong",
    ["", "name", "name+00000000", "name+00000000+AAAA", "na me+{id}+{key}", "+{id}+{key}", "other+{id}+{key}",
     "made.example/log+{ID}+{key}", "made.example/log+{id}+{key}\n", "made.example/log+{id}+{key}AAAA"],
)  # fmt: skip
def test_a_text_that_is_no_verifier_key_is_refused(wrong: str) -> None:
    name, key_id, material = Key().vkey.split("+", 2)
    assert VerifierKey.parse(f"{name}+{key_id}+{material}").name == name
    # An id of digits alone has no capitals that could be wrong.
    text = wrong.format(id=key_id, ID=f"{key_id}0" if key_id.isdecimal() else key_id.upper(), key=material)
    with pytest.raises(ValueError, match="verifier key"):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "na me", "na\u2003me", "na\nme"])
def test_a_verifier_key_with_a_name_that_is_none_is_refused_though_its_id_is_right(name: str) -> None:
    with pytest.raises(ValueError, match="verifier key"):
        VerifierKey.parse(Key(name).vkey)


def test_indexes_are_written_in_threes() -> None:
    """The specification's own example, and the ends of one, two and three groups."""
    known = {1234067: "x001/x234/067", 0: "000", 999: "999", 1000: "x001/000", 999_999: "x999/999"}
    assert {index: index_path(index) for index in known} == known


def test_the_command_follows_and_remembers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = published(OLD)
    state = tmp_path / "state"
    with served(made) as url:
        words = [url, made.key.vkey, "--state", str(state)]
        assert checker.main(words) == 0
        assert (
            f"accepted made.example/log: 0 to {OLD} entries, root {mth(made.entries).hex()}" in capsys.readouterr().out
        )
        made.entries = made_entries(NEW)
        made.publish()
        assert checker.main(words) == 0
        assert f": {OLD} to {NEW} entries" in capsys.readouterr().out
        kept = state.read_bytes()
        assert kept == made.pages["checkpoint"].body
        made.publish(OLD)
        assert checker.main(words) == 1
        assert "refused: smaller than before" in capsys.readouterr().out
        assert state.read_bytes() == kept
        state.write_bytes(flip(30)(kept))
        assert checker.main(words) == 1
    assert checker.main([url, made.key.vkey]) == 2
    assert "not checked" in capsys.readouterr().err


def test_the_command_is_a_program() -> None:
    made = published(3)
    with served(made) as url:
        words = [sys.executable, "-m", "tests.auditor.checker", url, made.key.vkey]
        ran = subprocess.run(words, cwd=HERE.parents[1], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "0 to 3 entries" in ran.stdout


def test_nobody_there_says_nothing_about_the_log() -> None:
    made = published(1)
    with served(made) as url:
        pass
    with pytest.raises(Unreachable):
        follow(url, key_of(made))


def test_the_checker_shares_no_code_with_what_it_checks() -> None:
    ours = {"tests.auditor", "tests.auditor.notes", "tests.auditor.refusal", "tests.auditor.serving"}
    allowed = sys.stdlib_module_names | {"cryptography"}
    for name in ("checker", "notes", "proofs", "refusal", "serving", "tree", "made"):
        for node in ast.walk(ast.parse((HERE / f"{name}.py").read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for imported in names:
                root = imported.split(".")[0]
                assert root in allowed or imported in {*ours, "tests.auditor.tree"}, f"{name} imports {imported}"
                assert name != "made" or root != "tests", "the log that is made may not share the checker's errors"
