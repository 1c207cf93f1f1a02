"""Somebody who speaks, for recognisers: eSpeak NG, as mono 16 kHz samples."""

from __future__ import annotations

import ctypes
import io
from functools import cache
from typing import Any

import av
import espeakng_loader
import numpy as np

from service.media.values import PCM_RATE_HZ, PCM_SAMPLE_BYTES

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT of speak_lib.h
_UTF8 = 1
SECOND_BYTES = PCM_RATE_HZ * PCM_SAMPLE_BYTES


def noise(seconds: float) -> bytes:
    return b"\x00\x20\x00\xe0" * round(seconds * SECOND_BYTES / 4)


@cache
def spoken(text: str) -> bytes:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    assert rate_hz > 0
    said = bytearray()
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

    def take(samples: Any, count: int, _events: object) -> int:
        if samples and count > 0:
            said.extend(ctypes.string_at(samples, 2 * count))
        return 0

    kept = callback(take)  # As long as the library may call it.
    library.espeak_SetSynthCallback(kept)
    library.espeak_SetVoiceByName(b"en-us")
    words = text.encode()
    library.espeak_Synth(words, len(words) + 1, 0, 0, 0, _UTF8, None, None)
    library.espeak_Synchronize()
    frame = av.AudioFrame.from_ndarray(np.frombuffer(bytes(said), "<i2")[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = rate_hz
    resampler = av.AudioResampler(format="s16", layout="mono", rate=PCM_RATE_HZ)
    made = io.BytesIO()
    for even in [*resampler.resample(frame), *resampler.resample(None)]:
        made.write(even.to_ndarray().tobytes())
    return made.getvalue()
