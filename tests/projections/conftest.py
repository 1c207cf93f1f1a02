"""One projection file per test, with its writer and its reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.queries import Reader
from projections.runner import Projector


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "projections-user.db"


@pytest.fixture
def projector(path: Path) -> Iterator[Projector]:
    with Projector(path) as projector:
        yield projector


@pytest.fixture
def reader(path: Path, projector: Projector) -> Iterator[Reader]:
    reader = Reader(path)
    yield reader
    reader.close()
