"""Asking the whole app without a network between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from functools import cache
from typing import Any

import falcon.testing
import pytest

import api.app
from api.access import Access
from api.manual import Manual
from api.page import Static
from projections.runner import Projector
from service.desk.desk import Desk
from service.house.house import House
from service.house.principal import encode_token
from service.upkeep.projecting import catch_up
from tests.builders import Person
from tests.docs.openapi import api_document
from tests.service.desks import at_desk


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now_us = 1_800_000_000_000_000

    def __call__(self) -> int:
        return self.now_us


def project(house: House) -> None:
    with Projector(house.layout.user_data) as projector, closing(house.open_log()) as log:
        catch_up(log, projector)


_document = cache(api_document)
_manual = cache(lambda: Manual(_document()))
_static = cache(Static)


def built(desk: Desk) -> api.app.WebApp:
    """The app of a desk. What it tells of itself, and the page, are made once for all desks: they take longer than all
    the rest, and tests of them build it themselves."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(api.app, "document", lambda _: _document())
        patched.setattr(api.app, "Manual", lambda _: _manual())
        patched.setattr(api.app, "Static", _static)
        return api.app.build(desk)


@asynccontextmanager
async def conducted(desk: Desk) -> AsyncIterator[falcon.testing.ASGIConductor]:
    """The app with what stands around it, which tells when an exchange is over."""
    async with falcon.testing.ASGIConductor(Access(built(desk))) as conductor:
        yield conductor


def ask(
    house: House,
    path: str,
    person: Person | None = None,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> falcon.testing.Result:
    """One request to /api/v1."""
    sent = dict(headers or {})
    if person is not None:
        sent["Authorization"] = f"Bearer {encode_token(person.token)}"

    async def story(desk: Desk) -> falcon.testing.Result:
        async with conducted(desk) as conductor:
            return await conductor.simulate_request(method, f"/api/v1{path}", headers=sent, body=body)
        raise AssertionError("the app's shutdown swallowed the answer")

    return at_desk(house, story)


def problem(result: falcon.testing.Result, status: int, code: str) -> dict[str, Any]:
    """A refusal with this status and code."""
    assert (result.status_code, result.json["code"]) == (status, code), result.text
    document: dict[str, Any] = result.json
    return document
