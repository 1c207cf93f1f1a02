"""One log per test, with its writer and a reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.log import Log
from eventstore.writer import LogWriter
from tests.eventstore.records import writing


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LogWriter]:
    with writing(tmp_path) as writer:
        yield writer


@pytest.fixture
def log(tmp_path: Path, writer: LogWriter) -> Iterator[Log]:
    log = Log(tmp_path / "events.db")
    yield log
    log.close()
