"""An app that reads the body and answers: what a request costs before Strongroom does anything."""

from __future__ import annotations

import falcon.asgi


class Nothing:
    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        await req.stream.read()
        resp.status = 201
        resp.data = b"{}"


def create() -> falcon.asgi.App[falcon.asgi.Request, falcon.asgi.Response]:
    """What gunicorn loads."""
    app = falcon.asgi.App()
    app.add_route("/", Nothing())
    return app
