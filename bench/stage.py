"""What every part is given: how much to measure, where, and whom to tell. The house is started when first asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.report import Report
from bench.scale import Scale
from bench.server import Server

SHOWN_ERRORS = 3


class Stage:
    def __init__(self, scale: Scale, folder: Path, report: Report) -> None:
        self.scale = scale
        self.folder = folder
        self.report = report
        self._server: Server | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.stop()
            for line in self._server.errors()[-SHOWN_ERRORS:]:
                print(line, file=sys.stderr)

    def warnings(self) -> list[str]:
        """What the house itself complained of."""
        count = 0 if self._server is None else len(self._server.errors())
        return [f"The server logged {count} errors."] if count else []

    @property
    def server(self) -> Server:
        """One for all parts: its peaks of memory are those since it was started."""
        if self._server is None:
            self._server = Server(self.folder / "house")
        return self._server

    def room(self, name: str) -> Path:
        """A new folder for a part of its own."""
        path = self.folder / name
        path.mkdir()
        return path
