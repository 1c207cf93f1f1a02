"""How opening a file ends when it does not end well: one stable code each."""

from __future__ import annotations

from typing import Final, Literal

FailureCode = Literal["media_unreadable", "media_refused", "media_too_large", "media_too_slow", "media_died"]
"""unreadable: nothing in it can be decoded · refused: a format that is never opened · too_large: more memory, pixels
or output than is allowed · too_slow: more time than is allowed · died: the child ended without an answer, or gave one
that makes no sense."""


class MediaFailed(Exception):
    """A file that could not be opened. The same file fails the same way again, unless the machine was short of
    memory or time."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code: Final = code


TranscriptCode = Literal[
    "transcript_refused", "transcript_unreachable", "transcript_too_slow", "transcript_unreadable", "transcript_died"
]
"""refused: by the endpoint, for what it was sent · unreachable: no endpoint there, or one in trouble · too_slow: no
answer in time · unreadable: an answer that makes no sense · died: the recogniser ended without one."""


class TranscriptFailed(Exception):
    """No transcript this time. `again`: another try may end better."""

    def __init__(self, code: TranscriptCode, *, again: bool) -> None:
        super().__init__(code)
        self.code: Final = code
        self.again: Final = again
