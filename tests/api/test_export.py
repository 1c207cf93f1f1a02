"""What bounds how often somebody takes everything out."""

from __future__ import annotations

import pytest

from api import export
from service.house.house import House
from service.house.principal import encode_token
from tests.api.asking import ask, problem, project
from tests.builders import Person
from tests.service.holding import bot, errands_done
from vault.throttle import Limit


def test_exports_of_one_person_have_a_bound_by_whatever_session_or_token(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "EXPORTS", Limit("exports", 2, 3_600))
    holder = bot(house, ada, "read")
    project(house)
    first = ask(house, "/user/export", ada)
    assert (first.status_code, first.headers["RateLimit"]) == (200, '"exports";r=1;t=1800')
    project(house)
    second = ask(house, "/user/export", headers={"Authorization": f"Bearer {encode_token(holder.token)}"})
    assert second.status_code == 200, second.text
    errands_done(house)
    project(house)
    head = house.log.head()
    refused = ask(house, "/user/export", ada)
    problem(refused, 429, "rate_limited")
    assert refused.headers["Retry-After"] == "1800"
    assert house.log.head() == head


def test_it_is_the_twentieth_in_an_hour_that_is_the_last() -> None:
    assert (export.EXPORTS.quota, export.EXPORTS.window_s) == (20, 3_600)
