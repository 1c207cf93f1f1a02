"""A long history, made fast: events sealed and appended by the house itself, as the API would, without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from domain.events import Content, MessageSent, Role
from eventstore.record import Append
from service.house.facts import Sealing, to_records
from service.house.house import House
from service.house.keychain import Keychain
from service.machine.appends import AsyncAppends
from service.machine.config import Settings
from service.machine.ids import new_id
from tests.builders import Person, person, started_chat

IN_FLIGHT = 512


def write_long_history(data: Path, title: str, count: int) -> Person:
    """Somebody with one chat of `count` messages, `entry 1` to `entry <count>`, by both sides in turn. Nothing else may
    run on the folder."""
    with closing(House(Settings(data=str(data)))) as house:
        owner = person(house)
        chat_id = started_chat(house, owner, title)
        key = Keychain(house, owner.who).stream(f"chat-{chat_id}")
        assert key is not None
        messages = _messages(owner.user, chat_id, key, count)
        with ThreadPoolExecutor(1) as pool:  # The caller's thread may have a loop of its own: the browser's.
            pool.submit(lambda: asyncio.run(_append(house, messages))).result()
    return owner


def _messages(user: str, chat_id: str, key: bytes, count: int) -> Iterator[Append]:
    sealing = Sealing(f"chat-{chat_id}", key)
    for number in range(1, count + 1):
        private = Content(f"entry {number}" + ", with some more to say" * (number % 7))
        role: Role = "assistant" if number % 2 == 0 else "user"
        event = MessageSent(chat=chat_id, role=role, content_type="text/plain", private=private)
        yield Append(to_records(user, f"message-{new_id()}", 0, [event], sealing))


async def _append(house: House, appends: Iterator[Append]) -> None:
    log = AsyncAppends(house.writer, 60)

    async def client() -> None:
        for append in appends:
            await log.append(append)

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(client())
