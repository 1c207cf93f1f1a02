"""The story of an authenticator that is set up, used, lost and taken away, against the whole of Strongroom."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx

from tests.e2e.people import Person, done, once, problem
from tests.e2e.stack import Stack
from vault.totp import STEP_S, code_at

NEW_PASSWORD = "a wholly other staple of horses"


def code_of(secret: str, later: int = 0) -> str:
    """Of now, or of the step after: which counts already, and not yet as used."""
    return code_at(base64.b32decode(secret), int(time.time()) // STEP_S + later).decode()


def events(person: Person) -> list[str]:
    return [event["type"] for event in done(person.http.get("/user/events", params={"limit": 100}), 200)["events"]]


def test_an_authenticator_is_set_up_used_lost_and_taken_away(nobody: httpx.Client, newcomer: Person) -> None:
    def sign_in(**shown: object) -> httpx.Response:
        return nobody.post("/auth/login", json={**newcomer.credentials, **shown})

    def post(path: str, **body: object) -> dict[str, Any]:
        return done(newcomer.http.post(path, json=body), 200)

    secret = post("/auth/totp", password=newcomer.password)["secret"]
    codes = post("/auth/totp/confirm", code=code_of(secret))["backup_codes"]
    asked = problem(sign_in(), 401, "second_factor_required")
    assert asked["factors"] == ["totp", "backup_code"]
    code = code_of(secret, 1)
    done(sign_in(code=code), 200)
    problem(sign_in(code=code), 401, "bad_code")
    done(sign_in(code=codes[0]), 200)

    # The password is forgotten, and the device lost with it.
    form = {
        "username": newcomer.username,
        "recovery_code": newcomer.recovery_code,
        "new_password": NEW_PASSWORD,
    }
    problem(nobody.post("/auth/recover", json=form), 401, "second_factor_required")
    problem(nobody.post("/auth/recover", json={**form, "code": codes[0]}), 401, "bad_code")
    recovered = done(nobody.post("/auth/recover", json={**form, "code": codes[1]}), 200)
    newcomer.http.headers["Authorization"] = f"Bearer {recovered['token']}"
    newcomer.password = NEW_PASSWORD

    removal = {"password": NEW_PASSWORD, "code": codes[2]}
    assert newcomer.http.request("DELETE", "/auth/totp", json=removal).status_code == 204
    done(sign_in(), 200)
    assert newcomer.http.get("/auth/factors").json() == {"totp": False, "backup_codes_left": 0, "passkeys": []}
    told = events(newcomer)
    for name, times in (("TotpEnabled", 1), ("BackupCodesIssued", 1), ("BackupCodeUsed", 3), ("TotpDisabled", 1)):
        assert told.count(name) == times, told


def test_a_passkey_is_asked_for_on_the_page_that_the_server_listens_on(stack: Stack) -> None:
    """And on no page of another port, for which it would answer, too."""
    challenge = f"{stack.api}/auth/passkeys/challenge"
    assert done(once("POST", challenge), 200)["rpId"] == "127.0.0.1"
    problem(once("POST", challenge, headers={"Host": "127.0.0.1:9"}), 400, "origin_unknown")
