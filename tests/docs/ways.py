"""The two ways that the picture of the house shows: where a message and an upload pass, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    place: str
    """A room, or a floor of `service`: `service.files`."""
    module: str
    """Where it happens, below the place: `messages` is `service/files/messages.py`."""
    words: str


@dataclass(frozen=True, slots=True)
class Way:
    title: str
    colour: str
    steps: tuple[Step, ...]


MESSAGE: Final = Way(
    "A message",
    "#f2c14e",
    (
        Step("api", "operation", "the token opens the keys of this request"),
        Step("service.files", "messages", "the streams concerned are read and folded"),
        Step("domain", "message", "decide(command, state): events, or a refusal"),
        Step("vault", "seal", "what is private is sealed under the chat's key"),
        Step("service.machine", "appends", "what came in one turn is handed over together"),
        Step("eventstore", "writer", "one commit and fsync for all: then 201"),
        Step("workers", "relay", "the log has grown: there is something to do"),
        Step("service.upkeep", "projecting", "facts become rows"),
        Step("projections", "runner", "rows and cursor commit together"),
    ),
)
UPLOAD: Final = Way(
    "An upload",
    "#6fd3e3",
    (
        Step("api", "uploads", "the body comes in pieces of at most 1 MiB"),
        Step("service.uploads", "incoming", "each is hashed and encrypted as it comes"),
        Step("vault", "spool", "the spool and its keys are on the disk"),
        Step("eventstore", "writer", "FileUploaded for all files at once: then 202"),
        Step("workers", "relay", "the log is the outbox: a job with the file's id"),
        Step("service.processing", "storing", "opened, its type told, encrypted anew"),
        Step("vault", "blobs", "the blob; its key sealed to the account"),
        Step("eventstore", "writer", "FileStored: the file is ready"),
        Step("service.media", "opening", "a confined child finds out what is in it"),
    ),
)
