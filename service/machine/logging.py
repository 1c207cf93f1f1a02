"""Logs: one line of JSON (or of text on a terminal) per event, to standard error. Tracebacks without local
variables: those hold content and keys."""

from __future__ import annotations

import logging
import sys
from typing import Any, BinaryIO, Final, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from service.machine.config import Settings
from service.machine.faults_told import plain_traceback
from service.machine.standard_ends import Lossy

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_TRACEBACK_CHARS: Final = 2_500
_encode = msgspec.json.Encoder(enc_hook=str).encode


def configure(settings: Settings, process: str) -> None:
    """Once per process, before anything is logged. `process` names it in every line (api, worker, up …)."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    level = _LEVELS[settings.log_level]
    shared = _shared_processors(process)
    structlog.configure(
        processors=[*shared, _to_json if as_json else _console()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=(
            structlog.BytesLoggerFactory(cast("BinaryIO", Lossy(sys.stderr.buffer)))
            if as_json
            else structlog.WriteLoggerFactory(cast("TextIO", Lossy(sys.stderr)))
        ),
        cache_logger_on_first_use=True,
    )
    _route_stdlib(shared, as_json=as_json)


def _shared_processors(process: str) -> list[Processor]:
    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return [
        structlog.contextvars.merge_contextvars,
        name_process,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.ExceptionRenderer(_told),
        _bound_traceback,
    ]


def _told(exc_info: ExcInfo) -> str:
    return plain_traceback(exc_info[1])


def _bound_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Its end tells most; and a line within PIPE_BUF is not torn when several processes write to one pipe."""
    if isinstance(traceback := event.get("exception"), str) and len(traceback) > _TRACEBACK_CHARS:
        event["exception"] = "… " + traceback[-_TRACEBACK_CHARS:]
    return event


def _to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    return _encode(event)


def _console() -> Processor:
    return structlog.dev.ConsoleRenderer(
        timestamp_key="time",
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )


class _Formatter(logging.Formatter):
    """Lines of libraries in the format of ours. Never `record.args` as such: libraries put messages in
    there."""

    def __init__(self, shared: list[Processor], *, as_json: bool) -> None:
        super().__init__()
        self._shared = shared
        self._render = _to_json if as_json else _console()

    def format(self, record: logging.LogRecord) -> str:
        event: Any = {"event": record.getMessage(), "logger": record.name}
        if record.exc_info:
            event["exc_info"] = record.exc_info
        method = record.levelname.lower()
        for processor in (*self._shared, self._render):
            event = processor(None, method, event)
        return event.decode() if isinstance(event, bytes) else str(event)


def _route_stdlib(shared: list[Processor], *, as_json: bool) -> None:
    """gunicorn and dramatiq at WARNING: below it dramatiq logs message arguments and gunicorn its comings and
    goings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(shared, as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.WARNING)
        logger.propagate = True
