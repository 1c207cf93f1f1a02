"""Old event shape → new shape, one small pure step per version. The log itself is never rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = dict[str, Any]
Step = Callable[[Fields, Fields | None], tuple[Fields, Fields | None]]

# (event type, schema version it lifts from) → the step to the next version. `private` is None when not opened.
STEPS: Mapping[tuple[str, int], Step] = {}


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
