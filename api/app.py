"""The ASGI app, made by `create()` from the environment: one house and one desk per process."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import falcon
import falcon.asgi
import falcon.media
import msgspec
import structlog

from api import errors
from api.access import Access
from api.cross_origin import CrossOrigin, other_origins
from api.manual import ApiDocument, Manual
from api.openapi import document
from api.page import Static
from api.routes import operating_routes, routes
from api.tus import Frame
from service.desk.desk import Desk
from service.house.house import House
from service.machine.config import Settings, load_settings
from service.machine.layout import Layout
from service.machine.logging import configure
from service.machine.meter import Meter, begin
from service.machine.process import harden, tell_ready
from service.signing.signing import Signing, start_signing

WebApp = falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]
PREFIXES = ("/api/v1", "/api")
STATIC = Path(__file__).with_name("static")
GC_ALLOCATIONS, GC_YOUNG, GC_MIDDLE = 5_000, 10, 10
PART_HEADER_BYTES = 8 * 1024
LEAVING = "strongroom.leaving"  # In the server's lifespan state: whether it has been told to end.
_log = structlog.get_logger("api")


def create() -> Access:
    """What gunicorn loads. Settings come from the environment."""
    settings = load_settings()
    configure(settings, "api")
    harden()
    meter = begin(Layout(Path(settings.data).absolute()), "api")
    return Access(Lazy(settings, meter), meter=meter)


class Lazy:
    """The house is opened when the worker's event loop runs (lifespan start) and closed when it ends."""

    def __init__(self, settings: Settings, meter: Meter) -> None:
        self._settings = settings
        self._meter = meter
        self._house: House | None = None
        self._desk: Desk | None = None
        self._app: WebApp | None = None
        self._signing: Signing | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            assert self._app is not None
            await self._app(scope, receive, send)

    async def _live(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        try:
            self._house = House(self._settings, meter=self._meter)
            self._desk = Desk(self._house, scope.get("state", {}).get(LEAVING, lambda: False))
            self._app = build(self._desk)
            self._signing = start_signing(self._house)
            _settle_memory()
        except Exception as error:  # noqa: BLE001  (whatever it is, gunicorn is told and stops)
            _log.error("start failed", error=f"{type(error).__name__}: {error}", exc_info=error)
            await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
            return
        await send({"type": "lifespan.startup.complete"})
        tell_ready()  # Who connects from now on is answered, after a moment in the listener's queue at most.
        await receive()
        self._desk.close()
        self._house.writer.close()  # The last event first, then the checkpoint that covers it.
        self._signing.stop()
        self._house.close()
        self._meter.close()
        await send({"type": "lifespan.shutdown.complete"})


def _settle_memory() -> None:
    """What was made at start stays: the collector need not look at it again, nor so often at requests' small change,
    of which next to nothing is cyclic. What is, as a closed connection, and has lived through two collections goes with
    the third, which comes often enough for memory to stay flat."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, GC_YOUNG, GC_MIDDLE)


def build(desk: Desk) -> WebApp:
    """Falcon's app with every route, its error handler and the multipart limits."""
    app = falcon.asgi.App(middleware=_middleware(desk.house.settings))
    app.req_options.auto_parse_form_urlencoded = False
    app.req_options.auto_parse_qs_csv = False
    app.req_options.keep_blank_qs_values = True
    app.req_options.strip_url_path_trailing_slash = False
    app.req_options.media_handlers[falcon.MEDIA_MULTIPART] = _multipart(desk.house.settings)
    table = routes(desk)
    for prefix in PREFIXES:
        for path, resource in table:
            app.add_route(prefix + path, resource)
    for path, resource in operating_routes(desk):
        app.add_route(path, resource)
    described = document(table)
    document_, manual = ApiDocument(msgspec.json.encode(described)), Manual(described)
    for prefix in PREFIXES:
        app.add_route(f"{prefix}/openapi.json", document_)
        app.add_route(f"{prefix}/docs", manual)
    app.add_sink(Static(STATIC), "/")
    app.add_error_handler(falcon.HTTPError, errors.handle)
    app.add_error_handler(Exception, errors.handle)
    return app


def _middleware(settings: Settings) -> list[Frame | CrossOrigin]:
    origins = other_origins(settings.other_origins)
    return [Frame(), CrossOrigin(origins)] if origins else [Frame()]


def _multipart(settings: Settings) -> falcon.media.MultipartFormHandler:
    """Bounds of our own: one part more than allowed, so that the one too many is refused by name and not the form."""
    handler = falcon.media.MultipartFormHandler()
    handler.parse_options.max_body_part_count = 2 * settings.max_files_per_request + 16
    handler.parse_options.max_body_part_buffer_size = 64 * 1024
    handler.parse_options.max_body_part_headers_size = PART_HEADER_BYTES
    return handler
