"""Speech to text: off, a model in a folder of this machine, or an endpoint that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, assert_never

from domain.events import Transcript
from service.machine.config import Settings, SettingsError
from service.media.openai import HttpEngine
from service.media.whisper import LocalEngine


class Engine(Protocol):
    def transcribe(self, pcm: Iterable[bytes]) -> Transcript:
        """Of mono 16 kHz samples as `opening.pcm` gives them, in bounded memory. May be called from any thread; blocks.
        TranscriptFailed; what `pcm` raises passes through."""
        ...

    def close(self) -> None:
        """Lets go of processes and memory; a later call starts anew."""
        ...


def engine_for(settings: Settings) -> Engine | None:
    """None when transcripts are off. SettingsError for a choice that lacks something. Starts nothing yet."""
    match settings.transcribe:
        case "off":
            return None
        case "faster-whisper":
            return _local(settings)
        case "openai":
            return _remote(settings)
        case _:
            assert_never(settings.transcribe)


def _local(settings: Settings) -> Engine:
    if settings.transcribe_model is None or not _is_model(Path(settings.transcribe_model)):
        raise SettingsError(
            "STRONGROOM_TRANSCRIBE=faster-whisper: STRONGROOM_TRANSCRIBE_MODEL must name the folder of a model"
        )
    if find_spec("faster_whisper") is None:
        raise SettingsError("STRONGROOM_TRANSCRIBE=faster-whisper: install the extra, strongroom[transcribe]")
    return LocalEngine(Path(settings.transcribe_model).absolute(), settings.transcribe_language)


def _is_model(folder: Path) -> bool:
    try:
        return (folder / "model.bin").is_file()
    except OSError:
        return False  # May not be looked into, or has too long a name.


def _remote(settings: Settings) -> Engine:
    if settings.transcribe_url is None:
        raise SettingsError("STRONGROOM_TRANSCRIBE=openai: STRONGROOM_TRANSCRIBE_URL must name the endpoint")
    return HttpEngine(
        settings.transcribe_url,
        settings.transcribe_api_key,
        settings.transcribe_model or "whisper-1",
        settings.transcribe_language,
    )
