"""Registering, signing in by token and by cookie, and what ends a session."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.e2e.people import PASSWORD, Person, client, done, once, problem, somebody
from tests.e2e.stack import Stack

COOKIE = "strongroom"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(stack: Stack, ada: Person) -> Iterator[httpx.Client]:
    """Ada's, signed in: it carries the cookie."""
    with client(stack) as http:
        response = http.post("/auth/login", json={**ada.credentials, "cookie": True})
        assert "token" not in done(response, 200)
        yield http


def everywhere(stack: Stack, token: str) -> set[int]:
    """What the token opens on fresh connections, so on every process."""
    return {once("GET", f"{stack.api}/user/data", token=token).status_code for _ in range(12)}


def test_a_name_and_an_address_can_be_taken_once_whatever_their_case(nobody: httpx.Client, ada: Person) -> None:
    asked = {"username": ada.username.upper(), "email": "other@example.org", "password": PASSWORD}
    problem(nobody.post("/auth/register", json=asked), 409, "username_taken")
    asked = {"username": "another-ada", "email": ada.email.upper(), "password": PASSWORD}
    problem(nobody.post("/auth/register", json=asked), 409, "email_taken")


@pytest.mark.parametrize("password", ["short", "password1234", "é" * 600])
def test_a_password_that_is_short_common_or_endless_is_refused(nobody: httpx.Client, password: str) -> None:
    asked = {"username": "weak", "email": "weak@example.org", "password": password}
    assert nobody.post("/auth/register", json=asked).status_code == 422


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(nobody: httpx.Client, ada: Person) -> None:
    wrong = problem(
        nobody.post("/auth/login", json={"username": ada.username, "password": "not that one at all"}),
        401,
        "bad_credentials",
    )
    unknown = problem(
        nobody.post("/auth/login", json={"username": "who-is-this", "password": PASSWORD}), 401, "bad_credentials"
    )
    assert wrong == unknown


def test_the_address_signs_in_as_well_as_the_name(nobody: httpx.Client, ada: Person) -> None:
    signed_in = done(nobody.post("/auth/login", json={"username": ada.email, "password": ada.password}), 200)
    assert signed_in["user"]["id"] == ada.user_id


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer nonsense", "Basic YTpi", "Bearer sr_" + "A" * 43])
def test_what_is_no_valid_token_is_refused_the_same_way(nobody: httpx.Client, authorization: str) -> None:
    answer = nobody.get("/user/data", headers={"Authorization": authorization})
    problem(answer, 401, "bad_credentials")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def cookies_of(response: httpx.Response) -> SimpleCookie:
    """Each header by itself, as browsers read them."""
    cookies = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        cookies.load(line)
    return cookies


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stack: Stack, ada: Person) -> None:
    with client(stack) as http:
        response = http.post("/auth/login", json={**ada.credentials, "cookie": True})
        morsel = cookies_of(response)[COOKIE]
        assert morsel["httponly"]
        assert morsel["samesite"] == "Strict"
        assert (morsel["path"], morsel["domain"]) == ("/", "")
        assert done(http.get("/user/data"), 200)["user"]["id"] == ada.user_id


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
    ],
)
def test_a_cookie_alone_changes_nothing(
    stack: Stack, ada: Person, browser: httpx.Client, headers: dict[str, str]
) -> None:
    headers = {name: value.replace("{own}", stack.url) for name, value in headers.items()}
    before = ada.data(include="chats")["chats"]
    for method, path in (("POST", "/chats"), ("POST", "/auth/logout"), ("DELETE", f"/chats/{ada.user_id}")):
        body = {"title": "forged"} if path == "/chats" else None
        problem(browser.request(method, path, json=body, headers=headers), 403, "cross_site")
    assert browser.get("/user/data").status_code == 200
    assert ada.data(include="chats")["chats"] == before


def test_the_own_page_may_write_with_the_cookie(stack: Stack, browser: httpx.Client) -> None:
    done(browser.post("/chats", json={"title": "by fetch metadata"}, headers=SAME_ORIGIN), 201)
    done(browser.post("/chats", json={"title": "by origin"}, headers={"Origin": stack.url}), 201)


def test_token_and_cookie_together_are_refused(ada: Person, browser: httpx.Client) -> None:
    both = {"Authorization": f"Bearer {ada.token}", **SAME_ORIGIN}
    problem(browser.get("/user/data", headers=both), 400, "two_credentials")
    problem(browser.post("/chats", json={"title": "x"}, headers=both), 400, "two_credentials")


def test_signing_out_takes_the_cookie_back(stack: Stack, browser: httpx.Client) -> None:
    token = browser.cookies[COOKIE]
    assert browser.post("/auth/logout", headers=SAME_ORIGIN).status_code == 204
    assert COOKIE not in browser.cookies
    assert everywhere(stack, token) == {401}


def test_signing_out_ends_the_session_in_every_process_at_once(stack: Stack, ada: Person) -> None:
    token = ada.login()
    assert everywhere(stack, token) == {200}
    assert once("POST", f"{stack.api}/auth/logout", token=token).status_code == 204
    assert everywhere(stack, token) == {401}


def test_sessions_are_listed_and_closed_one_by_one(stack: Stack) -> None:
    with somebody(stack) as grace:
        token = grace.login()
        sessions = done(grace.http.get("/auth/sessions"), 200)["sessions"]
        assert [session["current"] for session in sessions] == [True, False]
        seen = [session.pop("last_seen_at") for session in sessions]
        assert all(seen)
        assert grace.data()["sessions"] == sessions
        other = sessions[1]["id"]
        assert grace.http.delete(f"/auth/sessions/{other}").status_code == 204
        assert grace.http.delete(f"/auth/sessions/{other}").status_code == 204  # Asked again: closed it is.
        assert everywhere(stack, token) == {401}
        remaining = done(grace.http.get("/auth/sessions"), 200)["sessions"]
        assert [session["id"] for session in remaining] == [sessions[0]["id"]]


def test_closing_the_own_session_by_its_id_takes_the_cookie_back(stack: Stack, newcomer: Person) -> None:
    with client(stack) as browser:
        done(browser.post("/auth/login", json={**newcomer.credentials, "cookie": True}), 200)
        here = browser.get("/auth/sessions").json()["sessions"]
        own = next(session["id"] for session in here if session["current"])
        other = next(session["id"] for session in here if not session["current"])
        assert "set-cookie" not in browser.delete(f"/auth/sessions/{other}", headers=SAME_ORIGIN).headers
        assert browser.delete(f"/auth/sessions/{own}", headers=SAME_ORIGIN).status_code == 204
        assert COOKIE not in browser.cookies


def test_a_cookie_session_needs_https_or_this_machine(nobody: httpx.Client, ada: Person) -> None:
    asked = {**ada.credentials, "cookie": True}
    refused = nobody.post("/auth/login", json=asked, headers={"Host": "strongroom.example"})
    problem(refused, 400, "cookie_needs_https")
