"""Gunicorn's settings, from Strongroom's. Loaded as `python:api.gunicorn`."""

from __future__ import annotations

from service.config import load_settings

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
accesslog = None
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = _settings.trusted_proxies or ""
control_socket_disable = True
