"""What recognisers answer, checked and put together: nothing they say is taken as it comes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from domain.events import Segment, Transcript
from service.media.pieces import Piece

SEGMENTS_MAX: Final = 100_000
TEXT_MAX: Final = 10_000  # Characters in one segment.
TRANSCRIPT_MAX_BYTES: Final = 12 << 20  # Encoded; an event's sealed payload has 16 MiB.


class Heard(msgspec.Struct, frozen=True):
    """One segment of one piece, times from the piece's start. The last two as Whisper gives them."""

    start: float
    end: float
    text: Annotated[str, Meta(max_length=TEXT_MAX)]
    no_speech_prob: float = 0.0
    avg_logprob: float = 0.0

    @property
    def doubtful(self) -> bool:
        """By Whisper's own measure: noise in which words were heard."""
        return self.no_speech_prob > 0.6 and self.avg_logprob < -1.0


class Answer(msgspec.Struct, frozen=True):
    """Of one piece. An endpoint that has no segments gives the text alone."""

    text: Annotated[str, Meta(max_length=SEGMENTS_MAX * 10)] = ""
    language: Annotated[str, Meta(max_length=64)] | None = None
    segments: Annotated[list[Heard], Meta(max_length=SEGMENTS_MAX)] | None = None


class Minutes:
    """Answers in order, becoming one transcript."""

    def __init__(self, language: str | None) -> None:
        self._language = language or ""
        self._segments: list[Segment] = []
        self._left_bytes = TRANSCRIPT_MAX_BYTES

    def add(self, piece: Piece, answer: Answer) -> None:
        self._language = self._language or code_of(answer.language or "")
        heard = answer.segments
        if heard is None:
            heard = [Heard(0.0, piece.length_s, answer.text[:TEXT_MAX])]
        for segment in _settled(piece, heard):
            self._left_bytes -= len(msgspec.json.encode(segment)) + 1
            if self._left_bytes < 0 or len(self._segments) >= SEGMENTS_MAX:
                self._left_bytes = 0  # From here on nothing: a transcript without its middle would mislead.
                return
            self._segments.append(segment)

    def transcript(self) -> Transcript:
        return Transcript(self._language, tuple(self._segments))


def _settled(piece: Piece, heard: Iterable[Heard]) -> Iterable[Segment]:
    """Within the piece, forwards in time, with something said."""
    for one in heard:
        text = one.text.strip()
        if text and not one.doubtful and math.isfinite(one.start) and math.isfinite(one.end):
            start_s = min(max(one.start, 0.0), piece.length_s)
            end_s = min(max(one.end, start_s), piece.length_s)
            yield Segment(round(piece.start_s + start_s, 3), round(piece.start_s + end_s, 3), text)


def code_of(language: str) -> str:
    """ISO 639-1; OpenAI's endpoint answers with the English name. "" for what is not known."""
    name = language.lower()
    return name if len(name) in {2, 3} and name.isalpha() else _CODES.get(name, "")


_CODES: Final = {
    "afrikaans": "af", "arabic": "ar", "armenian": "hy", "azerbaijani": "az", "belarusian": "be", "bosnian": "bs",
    "bulgarian": "bg", "catalan": "ca", "chinese": "zh", "croatian": "hr", "czech": "cs", "danish": "da",
    "dutch": "nl", "english": "en", "estonian": "et", "finnish": "fi", "french": "fr", "galician": "gl",
    "german": "de", "greek": "el", "hebrew": "he", "hindi": "hi", "hungarian": "hu", "icelandic": "is",
    "indonesian": "id", "italian": "it", "japanese": "ja", "kannada": "kn", "kazakh": "kk", "korean": "ko",
    "latvian": "lv", "lithuanian": "lt", "macedonian": "mk", "malay": "ms", "marathi": "mr", "maori": "mi",
    "nepali": "ne", "norwegian": "no", "persian": "fa", "polish": "pl", "portuguese": "pt", "romanian": "ro",
    "russian": "ru", "serbian": "sr", "slovak": "sk", "slovenian": "sl", "spanish": "es", "swahili": "sw",
    "swedish": "sv", "tagalog": "tl", "tamil": "ta", "thai": "th", "turkish": "tr", "ukrainian": "uk", "urdu": "ur",
    "vietnamese": "vi", "welsh": "cy",
}  # fmt: skip
