"""Second factors over HTTP: what is asked, what is answered, and what nobody else is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import falcon.testing
import msgspec
import pytest

from service.house.house import House
from tests import builders
from tests.api.asking import ask, problem
from tests.builders import Person
from tests.service.factors import Clock, code_of, wrong_code_of
from vault.kdf import PasswordParams


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data", read_wait_ms=0, guess_rate=3), clock)
    yield house
    house.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def people_stay_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signing in lifts nobody to today's costs of a password."""
    monkeypatch.setattr(PasswordParams, "outdated", False)


def send(
    house: House, method: str, path: str, body: dict[str, Any], person: Person | None = None, key: str = ""
) -> falcon.testing.Result:
    sent = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    return ask(house, path, person, method=method, headers=sent, body=msgspec.json.encode(body))


def sign_in(house: House, ada: Person, **shown: object) -> falcon.testing.Result:
    return send(house, "POST", "/auth/login", {"username": "ada", "password": ada.password, **shown})


def set_up(house: House, ada: Person) -> tuple[str, list[str]]:
    offer = send(house, "POST", "/auth/totp", {"password": ada.password}, ada)
    assert offer.status_code == 200
    code = code_of(house, offer.json["secret"])
    confirmed = send(house, "POST", "/auth/totp/confirm", {"code": code}, ada)
    assert confirmed.status_code == 200
    assert confirmed.headers["cache-control"] == "no-store"
    return offer.json["secret"], confirmed.json["backup_codes"]


def factors(house: House, ada: Person) -> dict[str, Any]:
    document: dict[str, Any] = ask(house, "/auth/factors", ada).json
    return document


def test_the_whole_life_of_an_authenticator(house: House, ada: Person, clock: Clock) -> None:
    assert factors(house, ada) == {"totp": False, "backup_codes_left": 0, "passkeys": []}
    secret, codes = set_up(house, ada)
    assert factors(house, ada) == {"totp": True, "backup_codes_left": 10, "passkeys": []}

    asked = problem(sign_in(house, ada), 401, "second_factor_required")
    assert asked["factors"] == ["totp", "backup_code"]
    assert "passkey_options" not in asked
    refused = sign_in(house, ada, code=wrong_code_of(house, secret))
    assert "factors" not in problem(refused, 401, "bad_code")
    assert refused.headers["www-authenticate"].startswith("Bearer")

    clock.next_code()
    assert sign_in(house, ada, code=code_of(house, secret)).status_code == 200
    assert sign_in(house, ada, code=codes[0]).status_code == 200
    assert factors(house, ada)["backup_codes_left"] == 9
    problem(send(house, "POST", "/auth/backup-codes", {"password": ada.password}, ada), 401, "second_factor_required")
    issued = send(house, "POST", "/auth/backup-codes", {"password": ada.password, "code": codes[2]}, ada)
    assert len(set(issued.json["backup_codes"]) - set(codes)) == 10
    problem(sign_in(house, ada, code=codes[1]), 401, "bad_code")

    removal = {"password": ada.password, "code": issued.json["backup_codes"][0]}
    assert send(house, "DELETE", "/auth/totp", removal, ada).status_code == 204
    assert factors(house, ada) == {"totp": False, "backup_codes_left": 0, "passkeys": []}
    assert sign_in(house, ada).status_code == 200
    problem(send(house, "DELETE", "/auth/totp", removal, ada), 404, "not_found")
    problem(send(house, "POST", "/auth/backup-codes", {"password": ada.password}, ada), 409, "no_second_factor")


def test_nothing_of_it_is_done_for_a_stranger_or_without_the_password(house: House, ada: Person) -> None:
    password, wrong = {"password": ada.password}, {"password": "not this one at all"}
    routes: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/auth/totp", password),
        ("POST", "/auth/totp/confirm", {"code": "000000"}),
        ("POST", "/auth/backup-codes", password),
        ("DELETE", "/auth/totp", {**password, "code": "000000"}),
    ]
    for method, path, body in routes:
        problem(send(house, method, path, body), 401, "bad_credentials")
        if "password" in body:
            problem(send(house, method, path, {**body, **wrong}, ada), 403, "wrong_password")
    assert ask(house, "/auth/factors").status_code == 401
    assert house.keyring.totp(ada.user) is None


def test_a_set_up_authenticator_is_not_replaced(house: House, ada: Person) -> None:
    secret, _ = set_up(house, ada)
    problem(send(house, "POST", "/auth/totp", {"password": ada.password}, ada), 409, "totp_set")
    code = code_of(house, secret, 1)
    problem(send(house, "POST", "/auth/totp/confirm", {"code": code}, ada), 409, "totp_set")


def test_a_sign_in_is_answered_again_though_its_code_is_used_up(house: House, ada: Person, clock: Clock) -> None:
    secret, _ = set_up(house, ada)
    clock.next_code()
    body = {"username": "ada", "password": ada.password, "code": code_of(house, secret)}
    first = send(house, "POST", "/auth/login", body, key="key-1")
    again = send(house, "POST", "/auth/login", body, key="key-1")
    assert (again.status_code, again.json["token"]) == (200, first.json["token"])
    assert again.headers["idempotency-replayed"] == "true"
    problem(send(house, "POST", "/auth/login", body), 401, "bad_code")


@pytest.mark.parametrize("code", [1, ["000000"], "0" * 65, {"a": 1}])
def test_a_code_that_is_no_text_of_some_length_is_refused_before_anything_is_looked_at(
    house: House, ada: Person, code: object
) -> None:
    problem(sign_in(house, ada, code=code), 422, "validation_failed")
    problem(send(house, "POST", "/auth/totp/confirm", {"code": code}, ada), 422, "validation_failed")


def test_who_guesses_at_one_account_is_told_when_to_come_back_and_not_whether_it_is_there(
    house: House, ada: Person
) -> None:
    answers = {}
    for name in ("ada", "nobody"):
        body = {"username": name, "password": "not this one at all"}
        results = [send(house, "POST", "/auth/login", body) for _ in range(4)]
        assert [result.status_code for result in results] == [401] * 3 + [429]
        answers[name] = results[-1]
    problem(answers["ada"], 429, "rate_limited")
    assert answers["ada"].headers["ratelimit-policy"] == '"password-source";q=3;w=900'
    assert 1 <= int(answers["ada"].headers["retry-after"]) <= 300
    own = {"x-request-id"}
    told = [
        (result.content, {name: value for name, value in result.headers.items() if name not in own})
        for result in answers.values()
    ]
    assert told[0] == told[1]
