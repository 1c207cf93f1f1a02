"""What a test leaves in memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What goes meanwhile goes by itself."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
