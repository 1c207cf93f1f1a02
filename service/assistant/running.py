"""An assistant from its start to its stop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

import structlog

from service.assistant import position
from service.assistant.answering import Answering
from service.assistant.client import Refused, ServerFault, Strongroom
from service.assistant.errors import AssistantError
from service.assistant.listening import Listening
from service.assistant.model import Model
from service.assistant.settings import AssistantSettings

_log = structlog.get_logger("assistant")


def run(settings: AssistantSettings) -> None:
    """Returns after SIGTERM or Ctrl-C. AssistantError: what it cannot go on without is missing."""
    asyncio.run(_until_stopped(settings))


async def _until_stopped(settings: AssistantSettings) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(_answer(settings))
    stopped = False

    def stop(number: signal.Signals) -> None:
        nonlocal stopped
        stopped = True
        loop.remove_signal_handler(number)  # A second one ends it at once: a question is told again at the next start.
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        _log.info("stopped")


async def _answer(settings: AssistantSettings) -> None:
    pause_s = settings.patience.pause_s
    async with AsyncExitStack() as stack:
        strongroom = Strongroom(settings.server, settings.token, pause_s)
        stack.push_async_callback(strongroom.close)
        model = Model(settings)
        stack.push_async_callback(model.close)
        try:
            user_id = await strongroom.user_id()
        except (ServerFault, Refused) as fault:
            raise AssistantError(f"--server does not speak like a Strongroom: {fault}") from None
        state = settings.state or position.default_path(user_id or position.name_of(settings.token))
        answering = Answering(strongroom, model, settings)
        await Listening(strongroom, answering, state, settings.since, pause_s).run()
