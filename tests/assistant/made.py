"""Settings of an assistant, for parts that run inside the test."""

from __future__ import annotations

from pathlib import Path

from service.assistant.settings import AssistantSettings, Bounds, Patience, Secret, Since


def settings(
    model: str,
    *,
    server: str = "http://127.0.0.1:9",
    token: str = "sr_nothing",
    state: Path | None = None,
    since: Since | None = None,
    tries: int = 1,
    answer_s: float = 20.0,
    silence_s: float = 20.0,
    answer_chars: int = 1_000,
) -> AssistantSettings:
    return AssistantSettings(
        server=server,
        base_url=f"{model}/v1",
        model="made-up",
        token=Secret(token),
        api_key=None,
        system="",
        temperature=None,
        state=state,
        since=since,
        bounds=Bounds(10, 1_000, answer_chars),
        patience=Patience(answer_s, silence_s, tries, 0.02, 0.0),
    )
