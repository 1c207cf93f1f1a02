"""What the history, the stream, the log and the folder tell after a soak: what is wrong with them is found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from service.house.queue_report import FailedJob, QueueReport, QueueState, tell
from service.machine.layout import Layout
from tests.soak.folder import FAULTS_SHOWN, Remains, cries, failed_commits, given_up, is_idle, unforgotten
from tests.soak.history import is_forgotten, untrue
from tests.soak.ledger import Chat, File, Json, Ledger, Message
from tests.soak.listening import Deaf, Ear


@pytest.fixture
def ledger() -> Ledger:
    """A chat with a message and a file; and another file, which is deleted."""
    kept = Ledger({"c": Chat("t")}, {"m": Message("c", "word")})
    kept.files = {"f": File("c", "aa", "n", 1), "g": File(None, "bb", "n", 1)}
    kept.drop_file("g")
    return kept


def history() -> list[Json]:
    told = ("ChatStarted c", "MessageSent m", "FileUploaded f", "FileUploaded g", "FileStored f", "FileDeleted g")
    return numbered(*told, "FileErased g")


def numbered(*told: str) -> list[Json]:
    events: list[Json] = []
    for position, (name, one) in enumerate((each.split() for each in told), start=10):
        version = 1 + sum(event["id"] == one for event in events)
        events.append({"position": position, "type": name, "stream": "-", "id": one, "version": version})
    return events


# -- the history


def test_a_history_that_tells_everything_once_is_true(ledger: Ledger) -> None:
    assert list(untrue(ledger, history())) == []
    assert is_forgotten(ledger, history())


@pytest.mark.parametrize(
    ("name", "one", "told"),
    [
        ("ChatStarted", "c", "chat c: ChatStarted 0 times in the history, not 1"),
        ("MessageSent", "m", "message m: MessageSent 0 times in the history, not 1"),
        ("FileUploaded", "f", "file f: FileUploaded 0 times in the history, not 1"),
        ("FileDeleted", "g", "file g: FileDeleted 0 times in the history, not 1"),
        ("FileErased", "g", "file g: FileErased 0 times in the history, not 1"),
    ],
)
def test_what_the_history_leaves_out_is_found(ledger: Ledger, name: str, one: str, told: str) -> None:
    assert told in list(untrue(ledger, [each for each in history() if (each["type"], each["id"]) != (name, one)]))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("MessageSent m", "message m: MessageSent 2 times in the history, not 1"),
        ("MessageSent x", "message x: in the history, and nobody was told of it"),
        ("FileDeleted f", "file f: FileDeleted 1 times in the history, not 0"),
        ("ChatDeleted c", "chat c: ChatDeleted 1 times in the history, not 0"),
    ],
)
def test_what_the_history_has_too_much_is_found(ledger: Ledger, more: str, told: str) -> None:
    words = [f"{each['type']} {each['id']}" for each in history()]
    assert list(untrue(ledger, numbered(*words, more))) == [told]


def test_a_history_out_of_order_is_found(ledger: Ledger) -> None:
    first, second, *rest = history()
    assert list(untrue(ledger, [second, first, *rest])) == ["position 10 comes after 11"]
    later = {"position": 99, "type": "FileStored", "stream": "file", "id": "f", "version": 4}
    assert list(untrue(ledger, [*history(), later])) == ["file f: version 4 comes out of turn"]


def test_who_waits_for_workers_sees_what_is_not_erased_yet(ledger: Ledger) -> None:
    assert not is_forgotten(ledger, history()[:-1])


# -- the stream


def tell_all(ear: Ear, *told: str) -> None:
    """`42 MessageSent m`: as the stream has it."""
    kinds = {"ChatStarted": "chat", "MessageSent": "message", "FileUploaded": "file"}
    for position, name, one in (each.split() for each in told):
        for line in (f"id: {position}", f"event: {name}", f'data: {{"{kinds[name]}_id":"{one}"}}', ""):
            ear.hear(line)


def test_a_stream_that_told_everything_in_order_has_no_fault(ledger: Ledger) -> None:
    ear = Ear()
    tell_all(ear, "10 ChatStarted c", "11 MessageSent m", "14 FileUploaded f", "15 FileUploaded g")
    for line in ("event: heartbeat", "data: {}", "", "event: progress", 'data: {"file_id":"x","progress":0.5}', ""):
        ear.hear(line)
    assert (ear.faults, ear.missed(ledger), ear.heard, ear.last) == ([], [], 4, 15)


def test_what_the_stream_kept_to_itself_is_found(ledger: Ledger) -> None:
    ear = Ear()
    tell_all(ear, "10 ChatStarted c", "14 FileUploaded f", "15 FileUploaded g")
    assert ear.missed(ledger) == ["message m: the stream did not tell of it"]


def test_a_stream_that_repeats_or_goes_back_is_found() -> None:
    ear = Ear()
    tell_all(ear, "10 MessageSent m", "10 MessageSent m", "9 MessageSent n")
    assert ear.faults == [
        "the stream told 10 after 10",
        "message m: the stream told of it twice",
        "the stream told 9 after 10",
    ]


def listened(answer: httpx.Response) -> tuple[Ear, list[httpx.Request]]:
    """To a server that answers so, until it refuses the third time: then with 404."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer if len(asked) < 3 else httpx.Response(404)

    async def listen() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="http://soak") as http:
            with pytest.raises(Deaf, match="404"):
                await ear.listen(http)

    ear = Ear(again_s=0.0)
    asyncio.run(listen())
    return ear, asked


def test_a_refused_stream_is_asked_for_again_when_it_says_so_and_else_is_a_fault() -> None:
    ear, asked = listened(httpx.Response(503, headers={"Retry-After": "0"}))
    assert len(asked) == 3
    assert ear.faults == []


def test_a_stream_that_ends_is_a_fault_and_is_resumed_where_it_ended() -> None:
    ear, asked = listened(httpx.Response(200, text='id: 7\nevent: MessageSent\ndata: {"message_id":"m"}\n\n'))
    assert [request.headers["Last-Event-ID"] for request in asked] == ["0", "7", "7"]
    assert ear.faults[0] == "the stream ended"


def test_a_stream_that_is_never_to_be_had_is_given_up() -> None:
    async def listen() -> None:
        refusing = httpx.MockTransport(lambda _: httpx.Response(429, headers={"Retry-After": "0"}))
        async with httpx.AsyncClient(transport=refusing, base_url="http://soak") as http:
            await Ear(again_s=0.0).listen(http)

    with pytest.raises(Deaf, match="tries"):
        asyncio.run(listen())


# -- the log of the processes, and what they say of themselves


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"error","event":"request failed"}',
        '{"event":"child died","level":"warning"}',
        '{"event":"relay ended","level":"warning","exception":"ValueError"}',
        "Traceback (most recent call last):",
    ],
)
def test_a_cry_in_the_log_is_heard(line: str) -> None:
    assert list(cries([line + "\n"])) == [f"in the log: {line}"]


def test_what_is_no_cry_is_not_told_and_of_many_only_some() -> None:
    quiet = ['{"level":"warning","event":"slow"}', "6682:M # WARNING Memory overcommit", "", "[]"]
    assert list(cries(quiet)) == []
    assert list(cries(['{"level":"error"}'] * (FAULTS_SHOWN + 5)))[-1] == "in the log: 5 more of these"


def test_jobs_that_were_given_up_are_told() -> None:
    failed = FailedJob("j", "media", "analyse_file", "f", 1, "MemoryError", 3)
    report = QueueReport(5, {"media": QueueState(0, 0, 1), "uploads": QueueState(0, 0, 0)}, (failed,))
    assert list(given_up(report)) == ["queue media: 1 jobs were given up (analyse_file: MemoryError)"]
    assert list(given_up(None)) == ["nobody told how the queues stand"]


def test_idle_is_who_said_so_since(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.create()
    assert not is_idle(tmp_path, 0)
    tell(layout, QueueReport(5, {"media": QueueState(0, 1, 0)}))
    assert not is_idle(tmp_path, 4)
    tell(layout, QueueReport(5, {"media": QueueState(0, 0, 0)}))
    assert is_idle(tmp_path, 4)
    assert not is_idle(tmp_path, 5)
    layout.spool_file("f").touch()
    assert not is_idle(tmp_path, 4)


def test_a_commit_that_failed_is_told() -> None:
    sound = "# HELP strongroom_log_position x\nstrongroom_log_position 12.0\n"
    assert list(failed_commits(sound)) == []
    assert list(failed_commits(sound + "strongroom_commits_failed_total 2.0\n")) == ["2 commits failed"]
    assert list(failed_commits("busy")) == ["/metrics does not say how long the log is"]


# -- what is left of what was forgotten

THERE = Remains(frozenset(("chat-c", "file-f")), {"f": "b"}, frozenset("b"), frozenset("b"), frozenset())


def test_a_folder_that_has_what_there_is_and_no_more_is_forgotten_well(ledger: Ledger) -> None:
    assert list(unforgotten(THERE, [ledger])) == []


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (replace(THERE, keys=THERE.keys | {"file-g"}), "key file-g: left over"),
        (replace(THERE, keys=frozenset(("file-f",))), "key chat-c: missing"),
        (replace(THERE, lies_in={"f": "b", "g": "b"}), "way to a blob g: left over"),
        (replace(THERE, blobs=frozenset("bg")), "blob g: left over"),
        (replace(THERE, blobs=frozenset(), renditions=frozenset()), "blob b: missing"),
        (replace(THERE, renditions=frozenset("g")), "blob g: what was derived from it is left over"),
        (replace(THERE, spools=frozenset("g")), "spool g: left over"),
    ],
)
def test_what_is_left_over_or_missing_is_told(ledger: Ledger, there: Remains, told: str) -> None:
    assert list(unforgotten(there, [ledger])) == [told]
