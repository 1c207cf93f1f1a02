"""What the model is sent: the system prompt, as much of the chat as the bounds allow, the question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from service.assistant.client import MessageRow
from service.assistant.ids import answer_id
from service.assistant.settings import Bounds

Prompt = list[dict[str, str]]
NAME_CHARS: Final = 200
CUT: Final = "\n[… cut]"


@dataclass(frozen=True, slots=True)
class Attachment:
    """`transcript` None: there is none."""

    name: str
    kind: str
    transcript: str | None = None


def words(content: str, attachments: Iterable[Attachment]) -> str:
    """A message as the model reads it: what was written, then each file by its name, with what is said in it."""
    lines = [content] if content else []
    for attachment in attachments:
        label = "voice note" if attachment.kind == "audio" else "file"
        # A name with a line break must not look like a line of ours.
        name = " ".join(attachment.name.split())[:NAME_CHARS]
        if attachment.transcript is None:
            lines.append(f"[{label}: {name}{', no transcript' if attachment.kind == 'audio' else ''}]")
        else:
            lines.append(f"[{label}: {name}, transcript:]\n{attachment.transcript}")
    return "\n".join(lines)


def before(rows: Sequence[MessageRow], question_id: str) -> list[MessageRow]:
    """What came before the question, the oldest first; `rows` are in the order of the log.

    Each answer stands behind its question, also where the next question was faster than it."""
    answers = {row.message_id: row for row in rows if row.role == "assistant"}
    found: list[MessageRow] = []
    placed: set[str] = set()
    for row in rows:
        if row.message_id == question_id:
            break
        if row.message_id in placed:
            continue
        found.append(row)
        if row.role == "user" and (answer := answers.get(answer_id(row.message_id))) is not None:
            found.append(answer)
            placed.add(answer.message_id)
    return found


class Gathering:
    """A prompt that grows backwards, from the question to the oldest message that has room."""

    __slots__ = ("_bounds", "_chars", "_turns")

    def __init__(self, bounds: Bounds, question: str) -> None:
        self._bounds = bounds
        if len(question) > bounds.context_chars:
            question = question[: bounds.context_chars - len(CUT)] + CUT
        self._turns: Prompt = [{"role": "user", "content": question}]
        self._chars = len(question)

    @property
    def full(self) -> bool:
        return len(self._turns) >= self._bounds.context_messages

    def add(self, role: str, text: str) -> bool:
        """False: it has no room, and nothing older gets any."""
        if self.full or self._chars + len(text) > self._bounds.context_chars:
            return False
        if text:
            self._turns.append({"role": role, "content": text})
            self._chars += len(text)
        return True

    def prompt(self, system: str) -> Prompt:
        head: Prompt = [{"role": "system", "content": system}] if system else []
        return head + self._turns[::-1]
