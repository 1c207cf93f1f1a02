"""Old event shape → new shape, one small pure step per version. The log itself is never rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = dict[str, Any]
Step = Callable[[Fields, Fields | None], tuple[Fields, Fields | None]]


def _file_stored_1(public: Fields, private: Fields | None) -> tuple[Fields, Fields | None]:
    """The hash of the blob became a commitment, and the nonce prefix private."""
    lifted = dict(public)
    commitment = f"sha256:{lifted.pop('ciphertext_sha256')}"
    iv = lifted.pop("iv")
    return {**lifted, "commitment": commitment}, None if private is None else {**private, "iv": iv}


# (event type, schema version it lifts from) → the step to the next version. `private` is None when not opened.
STEPS: Mapping[tuple[str, int], Step] = {("FileStored", 1): _file_stored_1}


def upcast(
    type_: str,
    schema: int,
    target: int,
    public: Fields,
    private: Fields | None,
    steps: Mapping[tuple[str, int], Step] = STEPS,
) -> tuple[Fields, Fields | None]:
    """Lift the fields of one event from `schema` to `target`; KeyError when a step is missing."""
    for version in range(schema, target):
        public, private = steps[type_, version](public, private)
    return public, private
