"""`strongroom assistant`: answers what people write, through any OpenAI-compatible chat endpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from service.commands.command import fail

if TYPE_CHECKING:
    from service.assistant.settings import Secret

VARIABLE: Final = "STRONGROOM_ASSISTANT_"
LOGGING: Final = ("STRONGROOM_LOG_FORMAT", "STRONGROOM_LOG_LEVEL")


def assistant(
    base_url: Annotated[
        str, typer.Option("--base-url", envvar=f"{VARIABLE}BASE_URL", help="The model's API, up to /chat/completions.")
    ],
    model: Annotated[str, typer.Option("--model", envvar=f"{VARIABLE}MODEL", help="The model's name there.")],
    server: Annotated[
        str, typer.Option("--server", envvar=f"{VARIABLE}SERVER", help="Strongroom's address.")
    ] = "http://127.0.0.1:8000",
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help=f"File with the bearer token, instead of {VARIABLE}TOKEN.")
    ] = None,
    system: Annotated[Path | None, typer.Option("--system", help="File with the system prompt.")] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="File for the position; else one in $XDG_STATE_HOME/strongroom.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Also answer what was asked after this position or time.")
    ] = None,
    temperature: Annotated[float | None, typer.Option("--temperature", min=0, max=2, help="Sent if given.")] = None,
    context_messages: Annotated[
        int, typer.Option("--context-messages", min=1, max=1000, help="Messages sent, the question included.")
    ] = 40,
    context_chars: Annotated[
        int, typer.Option("--context-chars", min=100, max=4_000_000, help="Characters in them; the oldest go first.")
    ] = 24_000,
    answer_chars: Annotated[
        int, typer.Option("--answer-chars", min=1, max=60_000, help="Where an answer is cut off.")
    ] = 32_000,
    answer_seconds: Annotated[
        float, typer.Option("--answer-seconds", min=0.1, max=3600, help="For one whole answer.")
    ] = 300.0,
    silence_seconds: Annotated[
        float, typer.Option("--silence-seconds", min=0.1, max=3600, help="Without a byte from the model.")
    ] = 60.0,
    transcript_seconds: Annotated[
        float, typer.Option("--transcript-seconds", min=0, max=3600, help="For the transcript of a voice note.")
    ] = 30.0,
    tries: Annotated[int, typer.Option("--tries", min=1, max=20, help="Of the model, for one question.")] = 4,
    pause_seconds: Annotated[
        float, typer.Option("--pause-seconds", min=0.01, max=60, help="First pause between tries; doubles each time.")
    ] = 1.0,
) -> None:
    """Answer a person's messages through an OpenAI-compatible chat endpoint, as a client of the API."""
    from service.assistant import settings as given
    from service.assistant.errors import AssistantError
    from service.assistant.running import run
    from service.machine.config import SettingsError, load_settings
    from service.machine.logging import configure
    from service.machine.process import harden

    try:
        logging = load_settings({name: os.environ[name] for name in LOGGING if name in os.environ})
        settings = given.AssistantSettings(
            server=given.address("--server", server),
            base_url=given.address("--base-url", base_url),
            model=model,
            token=_token(token_file),
            api_key=_api_key(),
            system="" if system is None else given.text_of("--system", system, given.MOST_SYSTEM_BYTES).strip(),
            temperature=temperature,
            state=state,
            since=None if since is None else given.since(since),
            bounds=given.Bounds(context_messages, context_chars, answer_chars),
            patience=given.Patience(answer_seconds, silence_seconds, tries, pause_seconds, transcript_seconds),
        )
    except (given.SettingError, SettingsError) as error:
        fail(str(error), 2)
    harden()
    configure(logging, "assistant")
    try:
        run(settings)
    except AssistantError as error:
        fail(str(error), 1)


def _token(file: Path | None) -> Secret:
    from service.assistant.settings import MOST_TOKEN_BYTES, SettingError, secret, text_of

    name = f"{VARIABLE}TOKEN"
    if file is not None:
        return secret("--token-file", text_of("--token-file", file, MOST_TOKEN_BYTES))
    if not os.environ.get(name):
        raise SettingError(f"no token: set {name}, or name a file with --token-file")
    return secret(name, os.environ[name])


def _api_key() -> Secret | None:
    from service.assistant.settings import secret

    name = f"{VARIABLE}API_KEY"
    return secret(name, os.environ[name]) if os.environ.get(name) else None
