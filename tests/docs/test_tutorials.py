"""Getting started and the tutorials, as they stand: their blocks are run in order, and print what stands below them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.docs.busy_door import Door, busy_door
from tests.docs.tables import DOCS, marked
from tests.e2e.stack import Stack, bare_environment, running_stack
from tests.tus.test_clients import node
from tests.waiting import wait_for

BLOCK: Final = re.compile(r"```(\w+)\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)
SUFFIXES: Final = {"sh": ".sh", "python": ".py", "js": ".mjs"}
PATIENCE_S: Final = 60.0
TRIES: Final = 8  # Of a page's `ask`, before it gives up.


@dataclass(frozen=True, slots=True)
class Tongue:
    """A tutorial: its page, the language of its blocks, how a file is run, and how it prints a line. `hurry`: what
    makes its pauses a hundredth as long, as (old text, new text). `asking` asks once, `listening` prints one event."""

    page: str
    language: str
    program: Callable[[], str]
    say: str
    hurry: tuple[str, str]
    asking: str
    listening: str


PYTHON: Final = Tongue(
    "tutorial-python.md",
    "python",
    lambda: sys.executable,
    "print({}, flush=True)",
    ("import time\n", "import time\nnap, time.sleep = time.sleep, lambda pause_s: nap(pause_s / 100)\n"),
    'print(ask("GET", "/").json())',
    "print(*next(told(6)))",
)
JAVASCRIPT: Final = Tongue(
    "tutorial-javascript.md",
    "js",
    node,
    "console.log({});",
    ("seconds * 1000", "seconds * 10"),
    'console.log(await (await ask("GET", "/")).json());',
    "for await (const event of told(6)) { console.log(...event); break; }",
)
TONGUES: Final = pytest.mark.parametrize("tongue", [PYTHON, JAVASCRIPT], ids=lambda tongue: tongue.language)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """In which somebody has followed the page on getting started, so that there is an `ada`."""
    folder = tmp_path_factory.mktemp("first")
    with running_stack(folder) as stack:
        page = marked((DOCS / "getting-started.md").read_text(), "first")
        (folder / "steps").mkdir()
        follow(page, "sh", ["bash", "-euo", "pipefail"], "echo {}", folder / "steps", stack, DATA=str(stack.data))
        yield stack
        assert stack.stop() == 0


def blocks(page: str, language: str) -> list[tuple[str, str]]:
    """(block, what it prints) of one language, in their order; without the bot, which is a program of its own."""
    own = page.replace(marked(page, "bot"), "")
    return [(block, shown) for name, block, shown in BLOCK.findall(own) if name == language]


def kept(tongue: Tongue) -> str:
    """The pieces that a bot is begun with: those that print nothing."""
    steps = blocks((DOCS / tongue.page).read_text(), tongue.language)
    return "\n".join(block for block, shown in steps if not shown)


def follow(
    page: str, language: str, program: list[str], say: str, folder: Path, stack: Stack, **environment: str
) -> None:
    """Runs a page's blocks as one program; each must print what it says. AssertionError with what went wrong."""
    steps = blocks(page, language)
    assert steps
    whole = "\n".join(say.format(f"'### {at}'") + f"\n{block}" for at, (block, _) in enumerate(steps))
    path = folder / f"steps{SUFFIXES[language]}"
    path.write_text(whole)
    done = run([*program, str(path)], folder, stack, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    printed = re.split(r"### \d+\n", done.stdout)[1:]
    assert printed == [shown for _, shown in steps]


def run(command: list[str], folder: Path, stack: Stack, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=surroundings(STRONGROOM=stack.url, **environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def surroundings(**given: str) -> dict[str, str]:
    return {**bare_environment(), "NO_PROXY": "127.0.0.1", **given}


def token(tongue: Tongue, stack: Stack, folder: Path) -> str:
    """As the tutorial's first step gets one."""
    ((block, _),) = blocks((DOCS / tongue.page).read_text(), "sh")
    # Where Node came with a wheel it is on nobody's path.
    path = f"{os.environ['PATH']}:{Path(tongue.program()).parent}"
    done = run(["bash", "-euo", "pipefail", "-c", block + '\nprintf %s "$TOKEN"'], folder, stack, PATH=path)
    assert done.returncode == 0, done.stderr
    return done.stdout


@TONGUES
def test_every_step_prints_what_the_page_says(tongue: Tongue, stack: Stack, tmp_path: Path) -> None:
    page = (DOCS / tongue.page).read_text()
    given = {"TOKEN": token(tongue, stack, tmp_path)}
    follow(page, tongue.language, [tongue.program()], tongue.say, tmp_path, stack, **given)


@TONGUES
def test_the_bot_answers_goes_on_where_it_was_and_answers_nothing_twice(
    tongue: Tongue, stack: Stack, tmp_path: Path
) -> None:
    key = token(tongue, stack, tmp_path)
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=stack.api, headers=headers, timeout=30.0, trust_env=False) as room:
        with bot(tongue, stack, tmp_path, key) as until:
            until((tmp_path / "bot.position").exists, "the bot to know where it begins")
            chat_id = say(room, "one two\u2028three")
            until(lambda: statuses(room, chat_id) == ["read", "sent"], "an answer")
        position = (tmp_path / "bot.position").read_text()
        say(room, "minutes", chat_id)
        with bot(tongue, stack, tmp_path, key) as until:
            until(lambda: statuses(room, chat_id)[2:] == ["read", "sent"], "the minutes")
        (tmp_path / "bot.position").write_text(position)  # As if it had been killed before it could remember.
        say(room, "again", chat_id)
        with bot(tongue, stack, tmp_path, key) as until:
            until(lambda: statuses(room, chat_id)[4:] == ["read", "sent"], "the last answer")
        rows = messages(room, chat_id)
        assert [row["content"] for row in rows if row["role"] == "assistant"] == [
            "3 words.",
            "Here they are.",
            "1 words.",
        ]
        (file_id,) = rows[3]["file_ids"]
        file = wait_for(lambda: content(room, file_id), "the file to be sealed")
        assert [line.partition(" ")[2] for line in file.split("\n")] == [
            "user: one two\u2028three", "assistant: 3 words.", "user: minutes", ""
        ]  # fmt: skip


@contextmanager
def bot(tongue: Tongue, stack: Stack, folder: Path, key: str) -> Iterator[Callable[[Callable[[], bool], str], None]]:
    """What the page puts together in the end, killed when done with. Gives what waits as long as the program lives."""
    ((_, program, _),) = BLOCK.findall(marked((DOCS / tongue.page).read_text(), "bot"))
    path, log = folder / f"bot{SUFFIXES[tongue.language]}", folder / "log"
    path.write_text(f"{kept(tongue)}\n{program}")
    with log.open("wb") as told:
        environment = surroundings(STRONGROOM=stack.url, TOKEN=key)
        process = subprocess.Popen([tongue.program(), path], cwd=folder, env=environment, stdout=told, stderr=told)

    def until(condition: Callable[[], bool], what: str) -> None:
        def met() -> bool:
            assert process.poll() is None, log.read_text()
            return condition()

        wait_for(met, what, PATIENCE_S)

    try:
        yield until
    finally:
        process.kill()
        process.wait()


def say(room: httpx.Client, content: str, chat_id: str | None = None) -> str:
    """The chat that it was said in."""
    told = room.post("/messages", json={"content": content, "chat_id": chat_id}).raise_for_status().json()
    return str(told["chat_id"])


def messages(room: httpx.Client, chat_id: str) -> list[dict[str, Any]]:
    query = {"include": "messages", "chat_id": chat_id}
    rows: list[dict[str, Any]] = room.get("/user/data", params=query).raise_for_status().json()["messages"]
    return rows


def statuses(room: httpx.Client, chat_id: str) -> list[str]:
    return [row["status"] for row in messages(room, chat_id)]


def content(room: httpx.Client, file_id: str) -> str:
    answer = room.get(f"/files/{file_id}/content")
    return answer.text if answer.status_code == 200 else ""


def hurried(tongue: Tongue) -> str:
    """The same with shorter pauses."""
    whole = kept(tongue)
    assert tongue.hurry[0] in whole
    return whole.replace(*tongue.hurry)


@TONGUES
def test_asking_waits_as_the_server_says(tongue: Tongue, tmp_path: Path) -> None:
    """The page's `ask`, against a door that is busy twice and once says nothing at all."""
    with busy_door() as door:
        assert printed(tongue, door, tmp_path, kept(tongue), tongue.asking).splitlines()[-1] == "4"
    assert door.waits_s[1] >= door.asked_s, "the third try came before it was due"


@TONGUES
def test_listening_outlasts_any_absence_of_the_server(tongue: Tongue, tmp_path: Path) -> None:
    """The page's `told`, against a door that is away for twice as often as `ask` would try."""
    away: list[int | None] = [None, 502, 503, 504] * (TRIES // 2)
    with busy_door([*away, 200], b"id: 7\nevent: Try\ndata: %d\n\n") as door:
        assert printed(tongue, door, tmp_path, hurried(tongue), tongue.listening) == f"7 Try {len(away) + 1}\n"


@TONGUES
def test_asking_gives_up(tongue: Tongue, tmp_path: Path) -> None:
    """Or the test before this one would show nothing."""
    with busy_door([502]) as door:
        done = tried(tongue, door, tmp_path, hurried(tongue), tongue.asking)
    assert done.returncode == 1
    assert "no answer after many tries" in done.stderr
    assert len(door.came_s) == TRIES


def printed(tongue: Tongue, door: Door, folder: Path, *pieces: str) -> str:
    done = tried(tongue, door, folder, *pieces)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tried(tongue: Tongue, door: Door, folder: Path, *pieces: str) -> subprocess.CompletedProcess[str]:
    path = folder / f"pieces{SUFFIXES[tongue.language]}"
    path.write_text("\n".join(pieces))
    return subprocess.run(
        [tongue.program(), path],
        env=surroundings(STRONGROOM=door.url, TOKEN="any"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_blocks_are_found_in_their_order() -> None:
    page = (
        "```sh\na\n```\n\n```text\nb\n```\n<!-- bot -->\n```sh\nc\n```\n<!-- /bot -->\n```js\nd\n```\n```sh\ne\n```\n"
    )
    assert blocks(page, "sh") == [("a\n", "b\n"), ("e\n", "")]
