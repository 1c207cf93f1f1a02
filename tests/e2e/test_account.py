"""An account's life on the real thing: a new password, the way back in, signing out everywhere, and its end."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator

import httpx
import pytest

from service.machine.ids import new_id
from tests.e2e.canaries import contents, leaks
from tests.e2e.people import PASSWORD, Person, client, done, once, problem, somebody
from tests.e2e.stack import Stack
from tests.stream.ears import Ear, listening
from tests.waiting import wait_for

NEW = "a wholly other staple of horses"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def everywhere(stack: Stack, token: str) -> set[int]:
    """What the token opens on fresh connections, so on every process."""
    return {once("GET", f"{stack.api}/user/data", token=token).status_code for _ in range(4)}


@pytest.fixture
def nora(stack: Stack) -> Iterator[Person]:
    with somebody(stack, f"nora-{os.urandom(4).hex()}") as person:
        yield person


# -- password ----------------------------------------------------------------------------------------------------


def test_a_new_password_takes_the_place_of_the_old_one(stack: Stack, nora: Person, nobody: httpx.Client) -> None:
    other = nora.login()
    with Ear(stack, other).listen() as doomed, listening(nora) as kept:
        asked = {"current_password": nora.password, "new_password": NEW}
        answer = nora.http.post("/auth/password", json=asked, headers={"Idempotency-Key": "change"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert doomed.rest()[-1].data == {"reason": "closed"}
        assert kept.until("PasswordChanged").data["user_id"] == nora.user_id
        assert kept.until("SessionClosed").data["reason"] == "password"
    again = nora.http.post("/auth/password", json=asked, headers={"Idempotency-Key": "change"})
    assert (again.status_code, again.headers["idempotency-replayed"]) == (204, "true")
    assert everywhere(stack, other) == {401}
    assert everywhere(stack, nora.token) == {200}
    problem(nobody.post("/auth/login", json=nora.credentials), 401, "bad_credentials")
    nora.password = NEW
    assert everywhere(stack, nora.login()) == {200}
    data = nora.data()
    assert data["user"]["updated_at"] > data["user"]["created_at"]
    stack.require_sound()


def test_a_wrong_password_is_not_the_end_of_the_session(nora: Person) -> None:
    wrong = "not this one at all"
    for method, path, body in (
        ("POST", "/auth/password", {"current_password": wrong, "new_password": NEW}),
        ("POST", "/auth/recovery-code", {"password": wrong}),
        ("DELETE", "/user", {"password": wrong}),
    ):
        problem(nora.http.request(method, path, json=body), 403, "wrong_password")
    asked = {"current_password": nora.password, "new_password": "password1234"}
    problem(nora.http.post("/auth/password", json=asked), 422, "weak_password")
    assert nora.http.get("/user/data").status_code == 200


# -- recovery ----------------------------------------------------------------------------------------------------


def test_a_recovery_code_gives_the_account_back(stack: Stack, nora: Person, nobody: httpx.Client) -> None:
    sent = nora.send("still there")["message_id"]
    typed = nora.recovery_code.lower().replace("-", " ").replace("0", "o")
    asked = {"username": nora.email, "recovery_code": typed, "new_password": NEW}
    answer = done(nobody.post("/auth/recover", json=asked, headers={"Idempotency-Key": "lost"}), 200)
    assert answer["user"]["id"] == nora.user_id
    again = nobody.post("/auth/recover", json=asked, headers={"Idempotency-Key": "lost"})
    assert done(again, 200) == answer
    assert again.headers["idempotency-replayed"] == "true"
    assert everywhere(stack, nora.token) == {401}
    old = {"username": nora.username, "recovery_code": nora.recovery_code, "new_password": PASSWORD}
    refused = problem(nobody.post("/auth/recover", json=old), 401, "bad_credentials")
    unknown = problem(nobody.post("/auth/recover", json={**old, "username": "who-is-this"}), 401, "bad_credentials")
    assert refused == unknown
    problem(nobody.post("/auth/login", json=nora.credentials), 401, "bad_credentials")
    with client(stack, Authorization=f"Bearer {answer['token']}") as http:
        data = done(http.get("/user/data"), 200)
        assert [message["message_id"] for message in data["messages"]] == [sent]
        assert [session["current"] for session in data["sessions"]] == [True]
        issued = done(http.post("/auth/recovery-code", json={"password": NEW}), 200)
        assert issued["position"] > answer["position"]
    replaced = {**old, "recovery_code": answer["recovery_code"]}
    problem(nobody.post("/auth/recover", json=replaced), 401, "bad_credentials")
    cookie = {**old, "recovery_code": issued["recovery_code"], "cookie": True}
    assert "token" not in done(nobody.post("/auth/recover", json=cookie), 200)
    assert nobody.get("/user/data").status_code == 200


# -- signing out everywhere --------------------------------------------------------------------------------------


def test_signing_out_everywhere_ends_every_session_and_takes_the_cookie(stack: Stack, nora: Person) -> None:
    tokens = [nora.token, nora.login()]
    with client(stack) as browser:
        done(browser.post("/auth/login", json={**nora.credentials, "cookie": True}), 200)
        problem(browser.delete("/auth/sessions"), 403, "cross_site")
        assert browser.delete("/auth/sessions", headers=SAME_ORIGIN).status_code == 204
        assert set(browser.cookies) == {"strongroom-devices"}  # Known as before, and signed in no more.
    assert [everywhere(stack, token) for token in tokens] == [{401}, {401}]
    with client(stack, Authorization=f"Bearer {nora.login()}") as http:
        assert len(done(http.get("/auth/sessions"), 200)["sessions"]) == 1


# -- the end -----------------------------------------------------------------------------------------------------


def test_of_an_erased_account_nothing_is_left_that_could_be_opened(stack: Stack, nobody: httpx.Client) -> None:
    name, words = f"Canary-name-{os.urandom(6).hex()}", f"Canary-words-{os.urandom(6).hex()}"
    mark = os.urandom(24)
    with somebody(stack, name) as nora, client(stack) as browser:
        done(browser.post("/auth/login", json={**nora.credentials, "cookie": True}), 200)
        nora.send(words, file_ids=[nora.ready_file(mark * 5_000, f"{words}.txt")])
        files = [nora.ready_file(mark * 5_000), nora.upload_one(b"on its way" + mark)]
        begun = nora.http.post("/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "1000"})
        assert begun.status_code == 201
        upload = begun.headers["location"].rpartition("/")[2]
        with listening(nora) as ear:
            answer = browser.request("DELETE", "/user", json={"password": nora.password}, headers=SAME_ORIGIN)
            position = done(answer, 202)["position"]
            assert not browser.cookies
            assert everywhere(stack, nora.token) == {401}
            assert [event.data for event in ear.rest()][-1] == {"reason": "erased"}
        for method, path in signed_in_operations(nora):
            problem(nora.http.request(method, path, json={}), 401, "bad_credentials")
        problem(nobody.post("/auth/login", json=nora.credentials), 401, "bad_credentials")
        code = {"username": name, "recovery_code": nora.recovery_code, "new_password": NEW}
        problem(nobody.post("/auth/recover", json=code), 401, "bad_credentials")

        wait_for(lambda: not left(stack, [*files, upload]), "the worker to remove its bytes")
        stack.require_sound()
        stack.require_blobs()
        secrets: list[str | bytes] = [name, words, mark, nora.recovery_code, nora.token]
        assert leaks(secrets, contents(stack.data)) == []
        with somebody(stack, name.upper(), email=nora.email) as another:
            assert another.user_id != nora.user_id
            assert another.data()["messages"] == []
            assert another.send("a new beginning")["position"] > position


def left(stack: Stack, files: list[str]) -> list[str]:
    """What lies in the folders of blobs and spools under these ids."""
    places = [*stack.data.glob("blobs/*/*"), *stack.data.glob("spool/*")]
    return [path.name for path in places if path.name.partition(".")[0] in files]


def signed_in_operations(person: Person) -> list[tuple[str, str]]:
    """(method, path with ids of nothing) of every operation for which one has to be signed in."""
    paths = person.http.get("/openapi.json").json()["paths"]
    found = [
        (method.upper(), re.sub(r"\{\w+\}", new_id(), path))
        for path, methods in paths.items()
        for method, spec in methods.items()
        if spec["security"] and method != "head"
    ]
    assert len(found) > 20
    return found


def test_an_erasure_survives_the_death_of_everything(stack: Stack) -> None:
    with somebody(stack) as nora:
        file_id = nora.ready_file(os.urandom(50_000))
        stack.kill("worker:uploads", signal.SIGSTOP)
        done(nora.http.request("DELETE", "/user", json={"password": nora.password}), 202)
        assert left(stack, [file_id])
    with stack.away():
        pass
    wait_for(lambda: not left(stack, [file_id]), "the bytes to go after the start")
    assert everywhere(stack, nora.token) == {401}
    stack.require_sound()
