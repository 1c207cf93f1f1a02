"""Who runs the machine: a bearer token that opens nothing of any person's, and no cookie."""

from __future__ import annotations

import falcon.asgi

from domain.errors import BadCredentials
from service.desk.desk import Desk


def require_operator(desk: Desk, req: falcon.asgi.Request) -> None:
    """BadCredentials, whatever is wrong."""
    scheme, _, token = (req.get_header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not desk.operator.matches(token.strip()):
        raise BadCredentials("This is for the operator. Use `Authorization: Bearer …` with the operator's token.")
