"""Gunicorn's settings for the witness. Loaded as `python:api.witness_gunicorn`; `--bind` comes from the command."""

from __future__ import annotations

worker_class = "asgi"
workers = 1  # It cosigns one checkpoint after the other anyway.
wsgi_app = "api.witness:create()"
proc_name = "strongroom-witness"
timeout = 30
keepalive = 30
graceful_timeout = 3
# All that the protocol sends in a head is a path and a few short fields.
limit_request_line = 1_024
limit_request_fields = 32
limit_request_field_size = 2_048
asgi_loop = "uvloop"
asgi_lifespan = "off"
accesslog = None
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = ""  # It asks nobody who they are.
control_socket_disable = True  # It would be opened in the home folder, where it is none of the witness's business.
