"""The checker against Strongroom itself: what it serves is accepted and followed, and what is done to it behind its
back is refused, by Strongroom where it can know and by the checker where it cannot."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
import httpx
import pytest

from eventstore.log import Log
from service.house.house import House
from service.house.log_key import open_signer
from service.machine.config import Settings
from service.machine.layout import Layout
from service.signing.continuity import require_history
from tests import builders
from tests.api.test_log import fetch
from tests.auditor.checker import Checked, follow
from tests.auditor.made import Key, MadeLog, Page, checkpoint_text, mth, served
from tests.auditor.notes import Checkpoint, VerifierKey
from tests.auditor.proofs import check_proof
from tests.auditor.refusal import Reason, Refused
from tests.auditor.serving import index_path
from tests.auditor.tree import WIDTH, leaf_hash
from tests.e2e.people import Person, somebody
from tests.e2e.stack import NO_TLS, Stack, running_stack
from tests.service.logs import sign
from tests.waiting import wait_for

pytestmark = pytest.mark.slow
FORGED = 7
"""The position that is changed: one of the first person's own, long before the last checkpoint."""


@dataclass(frozen=True, slots=True)
class Audited:
    """A stopped Strongroom's folder, and what an auditor took home from it."""

    data: Path
    vkey: str
    checkpoint: Checkpoint
    proof: bytes
    entry: bytes

    @property
    def key(self) -> VerifierKey:
        return VerifierKey.parse(self.vkey)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """Written to, followed while it was, its proofs verified, and cleanly stopped: the tests below copy the folder."""
    folder = tmp_path_factory.mktemp("audited")
    with running_stack(folder, api_processes=1) as stack:
        with somebody(stack) as person:
            key = key_of(stack)
            checked = write_and_follow(stack, person, key, 3, None)
            checked = write_and_follow(stack, person, key, 120, checked.checkpoint)
            assert checked.checkpoint.size < 256
            checked = write_and_follow(stack, person, key, 140, checked.checkpoint)
            assert checked.checkpoint.size > 256, "a full tile, one that is not, and one above them"

            own = person.http.get("/user/events", params={"limit": 10}).json()["events"]
            assert FORGED in {event["position"] for event in own}
            for event in own:
                proven = check_proof(proof_of(person, event["position"]), key)
                told = json.loads(proven.entry)
                assert proven.index == event["position"] - 1, "positions count from 1, entries from 0"
                assert (told["type"], told["user"]) == (event["type"], person.user_id)
            proof = proof_of(person, FORGED)
            person.send("just before the end")
        assert stack.stop() == 0
        kept = Checkpoint.open((stack.data / "log" / "checkpoint").read_bytes(), key)
        assert kept.size == head_of(stack), "what was written last was signed at the stop"
        stack.start()
        checked = follow(log_of(stack), key, checked.checkpoint)
        assert checked.bundles == 1, "what was accepted in full before is not read again"
        assert checked.checkpoint.size >= kept.size
        assert stack.stop() == 0
        last = Checkpoint.open((stack.data / "log" / "checkpoint").read_bytes(), key)
        yield Audited(stack.data, key_text(stack), last, proof, check_proof(proof, key).entry)


def test_a_proof_from_strongroom_is_refused_once_it_is_changed(audited: Audited) -> None:
    changed = audited.proof.replace(base64.b64encode(audited.entry), base64.b64encode(forged(audited.entry)))
    assert changed != audited.proof
    with pytest.raises(Refused) as caught:
        check_proof(changed, audited.key)
    assert caught.value.reason is Reason.INCLUSION
    with pytest.raises(Refused) as caught:
        check_proof(audited.proof, VerifierKey.parse(Key(audited.key.name).vkey))
    assert caught.value.reason is Reason.SIGNATURE


def test_an_untouched_copy_starts_and_is_accepted(audited: Audited, tmp_path: Path) -> None:
    """So that what the other copies are refused for is what was done to them."""
    with going_on(copied(audited, tmp_path)) as url:
        assert follow(url, audited.key, audited.checkpoint).checkpoint.size > audited.checkpoint.size
        assert follow(url, audited.key).before == 0


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda data: rewrite(data, FORGED), "the log is another one than"),
        (lambda data: cut(data, 5), "the log ends at"),
    ],
    ids=["a row rewritten", "the last rows gone"],
)
def test_strongroom_itself_refuses_to_go_on_from_a_changed_history(
    audited: Audited, tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    data = copied(audited, tmp_path)
    damage(data)
    ran = Stack(data, tmp_path / "stderr.log", {}).command("up", "--port", "0")
    assert ran.returncode == 1, ran.stderr
    assert why in ran.stderr
    assert "begin-anew" in ran.stderr, "the way out"
    assert Checkpoint.open((data / "log" / "signed").read_bytes(), audited.key) == audited.checkpoint


def test_a_history_rewritten_and_signed_with_the_logs_own_key_is_refused_by_who_remembers(
    audited: Audited, tmp_path: Path
) -> None:
    """Whoever has the server key can make Strongroom believe anything: only others can remember against them."""
    data = copied(audited, tmp_path)
    rewrite(data, FORGED)
    sign_again(data)
    with going_on(data) as url:
        assert key_in(data) == audited.key
        accepted = follow(url, audited.key).checkpoint
        assert accepted.size > audited.checkpoint.size, "whoever sees it for the first time cannot know"
        with pytest.raises(Refused) as caught:
            follow(url, audited.key, audited.checkpoint)
        assert caught.value.reason is Reason.HISTORY


def test_a_history_cut_short_and_signed_with_the_logs_own_key_is_refused_by_who_remembers(
    audited: Audited, tmp_path: Path
) -> None:
    data = copied(audited, tmp_path)
    cut(data, 30)
    sign_again(data)
    with going_on(data) as url, pytest.raises(Refused) as caught:
        follow(url, audited.key, audited.checkpoint)
    assert caught.value.reason is Reason.SMALLER


def test_a_history_begun_anew_is_another_log(audited: Audited, tmp_path: Path) -> None:
    """What the old key signed stays provable; what the new one signs is not accepted for it."""
    data = copied(audited, tmp_path)
    rewrite(data, FORGED)
    anew = Stack(data, tmp_path / "stderr.log", {}).command("log", "begin-anew", "--yes")
    assert anew.returncode == 0, anew.stderr
    with going_on(data) as url:
        assert key_in(data) != audited.key
        assert follow(url, key_in(data)).checkpoint.size > audited.checkpoint.size
        with pytest.raises(Refused) as caught:
            follow(url, audited.key, audited.checkpoint)
        assert caught.value.reason is Reason.SIGNATURE
    assert check_proof(audited.proof, audited.key).entry == audited.entry


def test_an_envelope_changed_without_its_leaf_hash_is_refused_at_first_sight(audited: Audited, tmp_path: Path) -> None:
    """The tree is made of the stored leaf hashes, so it is whole: but the entries no longer belong to it."""
    data = copied(audited, tmp_path)
    with closing(unguarded(data)) as events:
        envelope = envelope_at(events, FORGED)
        events.execute("UPDATE events SET envelope = ? WHERE position = ?", (forged(envelope), FORGED))
    with going_on(data) as url, pytest.raises(Refused) as caught:
        follow(url, audited.key)
    assert caught.value.reason is Reason.LEAF
    assert f"entry {FORGED - 1}" in str(caught.value)


# -- the real thing: asked


def log_of(stack: Stack) -> str:
    return f"{stack.url}/log"


def key_text(stack: Stack) -> str:
    return (stack.data / "log" / "key").read_text().removesuffix("\n")


def key_in(data: Path) -> VerifierKey:
    return VerifierKey.parse((data / "log" / "key").read_text().removesuffix("\n"))


def key_of(stack: Stack) -> VerifierKey:
    served = httpx.get(f"{log_of(stack)}/key", trust_env=False, verify=NO_TLS).text
    assert served == f"{key_text(stack)}\n"
    return VerifierKey.parse(served.removesuffix("\n"))


def head_of(stack: Stack) -> int:
    with closing(Log(stack.data / "events.db")) as log:
        return log.head()


def size_of(stack: Stack) -> int:
    """Of the newest checkpoint, unverified; -1 before there is one."""
    response = httpx.get(f"{log_of(stack)}/checkpoint", trust_env=False, verify=NO_TLS)
    return int(response.text.split("\n")[1]) if response.status_code == 200 else -1


def write_and_follow(
    stack: Stack, person: Person, key: VerifierKey, count: int, remembered: Checkpoint | None
) -> Checked:
    """Sends `count` messages, waits for the checkpoint that covers them, and follows the log to it."""
    chat = person.chat()
    for number in range(count):
        person.send(f"message {number}", chat_id=chat)
    head = head_of(stack)
    wait_for(lambda: size_of(stack) >= head, f"a checkpoint of {head} entries")
    checked = follow(log_of(stack), key, remembered)
    assert checked.checkpoint.size >= head
    assert checked.before == (remembered.size if remembered else 0)
    return checked


def proof_of(person: Person, position: int) -> bytes:
    response = person.http.get(f"/user/events/{position}/proof")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain")
    return response.content


# -- the real thing: torn at


@contextmanager
def going_on(data: Path) -> Iterator[str]:
    """Where the log of a folder is served by what Strongroom answers once it has looked at the folder, as at every
    start, has written more, and has signed that. Without its processes: what matters here is what they would say."""
    settings = builders.settings(data)
    require_history(Layout(data), settings)
    with closing(House(settings)) as house:
        builders.person(house)
        paths = list(paths_of(sign(house).size))
        answers = fetch(house, *(f"/log/{path}" for path in paths))
    pages = {
        path: Page(answer.content, answer.headers["content-type"], answer.status_code)
        for path, answer in zip(paths, answers, strict=True)
    }
    with served(MadeLog(pages=pages)) as url:
        yield url


def paths_of(size: int) -> Iterator[str]:
    """All that a log of so many entries has for those who follow it."""
    yield "checkpoint"
    level = 0
    while count := size // WIDTH**level:
        full, rest = divmod(count, WIDTH)
        for folder in (f"tile/{level}", "tile/entries")[: 2 if level == 0 else 1]:
            yield from (f"{folder}/{index_path(index)}" for index in range(full))
            if rest:
                yield f"{folder}/{index_path(full)}.p/{rest}"
        level += 1


def copied(audited: Audited, to: Path) -> Path:
    """A data folder of the test's own. Nothing runs on the one it is copied from."""
    data = to / "data"
    shutil.copytree(audited.data, data, ignore=lambda _folder, names: [name for name in names if name == "run"])
    return data


def unguarded(data: Path) -> apsw.Connection:
    """events.db as somebody opens it who does not want to be stopped."""
    events = apsw.Connection(str(data / "events.db"))
    for (name,) in events.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        events.execute(f"DROP TRIGGER {name}")
    return events


def envelope_at(events: apsw.Connection, position: int) -> bytes:
    rows = events.execute("SELECT envelope FROM events WHERE position = ?", (position,)).fetchall()
    envelope = rows[0][0]
    assert isinstance(envelope, bytes)
    return envelope


def forged(envelope: bytes) -> bytes:
    """The same happening, a microsecond later or earlier."""
    at_us = json.loads(envelope)["at_us"]
    changed = envelope.replace(b"%d" % at_us, b"%d" % (at_us ^ 1))
    assert changed != envelope
    return changed


def rewrite(data: Path, position: int) -> None:
    """With everything that follows from the row: its leaf hash, and no tile that could contradict it."""
    with closing(unguarded(data)) as events:
        changed = forged(envelope_at(events, position))
        events.execute(
            "UPDATE events SET envelope = ?, leaf_hash = ? WHERE position = ?",
            (changed, leaf_hash(changed), position),
        )
    shutil.rmtree(data / "log" / "tile")


def cut(data: Path, count: int) -> None:
    with closing(unguarded(data)) as events:
        events.execute("DELETE FROM events WHERE position > (SELECT max(position) FROM events) - ?", (count,))
    shutil.rmtree(data / "log" / "tile")


def sign_again(data: Path) -> None:
    """A checkpoint of the rows as they are now, by the log's own key and over what it had signed and published."""
    with closing(apsw.Connection(str(data / "events.db"))) as events:
        entries = [envelope for (envelope,) in events.execute("SELECT envelope FROM events ORDER BY position")]
    with closing(House(Settings(data=str(data)))) as house:
        signer = open_signer(Layout(data), house.server)
    text = checkpoint_text(signer.verifier.name, len(entries), mth(entries))
    line = signer.sign(text)
    note = f"{text}\n— {line.name} {base64.b64encode(line.key_id + line.value).decode()}\n".encode()
    for name in ("signed", "checkpoint"):
        (data / "log" / name).write_bytes(note)
