"""Gunicorn's settings, from Strongroom's. Loaded as `python:api.gunicorn`."""

from __future__ import annotations

import importlib
import os
from typing import Any

from service.machine.config import load_settings

_settings = load_settings()

worker_class = "asgi"
workers = _settings.api_processes
bind = f"{_settings.host}:{_settings.port}"  # `--bind fd://N` of the supervisor takes its place.
proc_name = "strongroom-api"
keepalive = 75
timeout = _settings.body_timeout_s  # Also how long a body may stand still before it is given up.
graceful_timeout = 3  # Shorter than the supervisor waits for it.
asgi_loop = "uvloop"
asgi_lifespan = "on"
limit_request_field_size = 32 * 1024  # A hundred addresses of parts to be joined stand in one header.
accesslog = None
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = _settings.trusted_proxies or ""
# Of what such a proxy passes on nothing else is believed: a client can have sent it.
forwarder_headers = ""
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
# The sign of life that a process gives every second is a file's time: in memory, so that no busy disk delays it.
worker_tmp_dir = next((folder for folder in ("/dev/shm",) if os.access(folder, os.W_OK)), None)  # noqa: S108  (gunicorn makes it safely)
control_socket_disable = True


def on_starting(_arbiter: Any) -> None:
    """The app's code is read once, before processes are forked: they start sooner, share its memory, and one that is
    begun again runs the same code as the others, whatever has been installed meanwhile."""
    importlib.import_module("api.app")


def post_worker_init(worker: Any) -> None:
    """Gunicorn ends its app only after all answers have ended, and an event stream does not end by itself. So the app
    is given, in the lifespan's state, what tells it: SIGTERM has come, or the master is gone."""
    worker.state["strongroom.leaving"] = lambda: not worker.alive or os.getppid() != worker.ppid
