"""`python -m service.media.child.recogniser FOLDER LANGUAGE`: a Whisper model that listens on standard input.

It gets samples that our own decoder made, never a file of a stranger's. Samples come in DATA frames, an empty one ends
them; a RESULT answers. Ends by itself after IDLE_S, and gives the model's memory back with it.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Final

import msgspec
import numpy as np

from service.media.child import confine
from service.media.child.files import Parent
from service.media.spoken import Answer, Heard
from service.media.wire import Kind

IDLE_S: Final = 600.0
NICE: Final = 10
SAMPLES_MAX_BYTES: Final = 64 << 20


def main(folder: str, language: str) -> int:
    confine.begin()
    os.nice(NICE)
    link = socket.socket(fileno=0)
    link.settimeout(IDLE_S)
    parent = Parent(link)
    from faster_whisper import WhisperModel  # noqa: PLC0415  An extra, and seconds to load: only where it is run.

    model = WhisperModel(folder, device="auto", local_files_only=True)
    while True:
        try:
            samples = _collect(parent)
        except TimeoutError:
            return 0
        heard, about = model.transcribe(
            np.frombuffer(samples, "<i2").astype(np.float32) / 32_768.0,
            language=language or None,
            vad_filter=True,
            condition_on_previous_text=False,  # One wrong sentence would otherwise repeat itself to the end.
        )
        segments = [Heard(one.start, one.end, one.text, one.no_speech_prob, one.avg_logprob) for one in heard]
        parent.send(Kind.RESULT, msgspec.msgpack.encode(Answer(language=about.language, segments=segments)))


def _collect(parent: Parent) -> bytes:
    samples = bytearray()
    while more := parent.receive(Kind.DATA):
        samples += more
        if len(samples) > SAMPLES_MAX_BYTES:
            raise ConnectionError
    return bytes(samples)


if __name__ == "__main__":
    try:
        code = main(sys.argv[1], sys.argv[2])
    except ConnectionError:
        code = 1  # The parent is gone.
    os._exit(code)
