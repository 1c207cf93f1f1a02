"""`strongroom assistant` as a process, and what people see of it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.machine.process import following_parent
from tests.e2e.people import Json, Person
from tests.e2e.stack import STRONGROOM, bare_environment
from tests.stream.ears import listening
from tests.waiting import wait_for

KEY = "sk-of-this-test"
QUICK = ("--pause-seconds", "0.05", "--tries", "2")
STOP_S = 20.0
PATIENCE = 4  # Silences of a stream, each some seconds.


@dataclass(slots=True)
class Assistant:
    """`folder` holds its position and its log, over every start."""

    folder: Path
    token: str = field(repr=False)
    server: str
    model: str
    options: tuple[str, ...] = QUICK
    process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        return self.folder / "position"

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def start(self, *options: str) -> None:
        assert self.process is None
        self.folder.mkdir(exist_ok=True)
        words = [
            "--server",
            self.server,
            "--base-url",
            f"{self.model}/v1/",
            "--model",
            "made-up",
            "--state",
            str(self.state),
        ]
        secrets = {"STRONGROOM_ASSISTANT_TOKEN": self.token, "STRONGROOM_ASSISTANT_API_KEY": KEY}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [STRONGROOM, "assistant", *words, *self.options, *options],
                env={**bare_environment(), **secrets, "NO_PROXY": "127.0.0.1", "STRONGROOM_LOG_LEVEL": "debug"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=following_parent(signal.SIGKILL),  # noqa: PLW1509  (two system calls and no lock)
            )

    def start_listening(self, *options: str) -> None:
        """Returns when what is said from now on will be answered. For a first start."""
        self.start(*options)
        wait_for(self.state.exists, "the assistant to listen", 60)

    def wait(self, timeout_s: float = STOP_S) -> int:
        """Its exit code."""
        assert self.process is not None
        code = self.process.wait(timeout_s)
        self.process = None
        return code

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.wait()


@contextmanager
def assistant(
    folder: Path, person: Person, model: str, server: str = "", options: tuple[str, ...] = QUICK
) -> Iterator[Assistant]:
    """Not started; nothing of it is left running."""
    made = Assistant(folder, person.token, server or person.stack.url, model, options)
    try:
        yield made
    finally:
        made.kill()


def messages(person: Person, chat_id: str) -> list[Json]:
    found: list[Json] = person.data(include="messages", chat_id=chat_id)["messages"]
    return found


def answers(person: Person, chat_id: str) -> list[str]:
    return [message["content"] for message in messages(person, chat_id) if message["role"] == "assistant"]


def question_in(person: Person, sent: Json) -> Json:
    """The row of a message as it is now."""
    return next(each for each in messages(person, sent["chat_id"]) if each["message_id"] == sent["message_id"])


def settled(person: Person, sent: Json) -> Json:
    """The question once it is answered or has failed. AssertionError when it is neither for long."""
    ends = {"MessageRead", "MessageFailed"}
    for _ in range(PATIENCE):
        with suppress(TimeoutError), listening(person, sent["position"]) as ear:
            while not ((event := ear.next()).name in ends and event.data["message_id"] == sent["message_id"]):
                pass
            return question_in(person, sent)
    raise AssertionError("neither answered nor failed")
