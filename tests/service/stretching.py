"""Passwords stretched for next to nothing. What stretching costs and gives: tests/vault, and whatever a real process
does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from argon2.low_level import hash_secret_raw

LEAST: Final = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}


def quick(secret: bytes, salt: bytes, **costs: Any) -> bytes:
    """Argon2id at the least costs that it has. Other costs still lead to other keys, as another salt does."""
    asked = repr([costs[name] for name in LEAST])
    return hash_secret_raw(secret, hashlib.sha256(salt + asked.encode()).digest(), **{**costs, **LEAST})


@contextmanager
def stretched_little() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:  # Its own: a test may undo what it has patched itself.
        patched.setattr("vault.kdf.hash_secret_raw", quick)
        yield
