"""How often one may ask for a session, whoever answers and whatever stands in front, and how many passwords are hashed
at once."""

from __future__ import annotations

import os
import runpy
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from gunicorn.config import Config

from tests.descriptors import open_files
from tests.e2e.people import PASSWORD, Json, client, done, once, problem
from tests.e2e.stack import NO_TLS, ROOT, Stack, running_stack
from tests.stream.ears import only_process

RATE = 4
PROXY = "127.0.0.2"
"""Whoever comes from here is a proxy; the tests themselves are at 127.0.0.1."""
CREDENTIALS = {"username": "nobody-here", "password": "wrong horse battery staple"}
OVER_TLS = {"X-Forwarded-Proto": "https"}
NEW = "a wholly other staple of horses"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Behind a proxy on this machine, with few sign-ins a minute."""
    folder = tmp_path_factory.mktemp("proxied")
    with running_stack(folder, api_processes=2, trusted_proxies=PROXY, credential_rate=RATE) as stack:
        yield stack
        assert stack.stop() == 0


def proxy(stack: Stack, caller: str = "", *, at: str = PROXY, **headers: str) -> httpx.Client:
    """What it passes on for somebody at `caller`."""
    transport = httpx.HTTPTransport(local_address=at, verify=NO_TLS)
    sent = {"X-Forwarded-For": caller or address(), **headers}
    return httpx.Client(base_url=stack.api, headers=sent, timeout=30.0, transport=transport, trust_env=False)


def sign_in(stack: Stack, caller: str = "") -> httpx.Response:
    """On a connection of its own, so that any process may answer."""
    with proxy(stack, caller) as http:
        return http.post("/auth/login", json=CREDENTIALS)


def registered(http: httpx.Client) -> Json:
    """How somebody new signs in; the client carries their token."""
    name = f"person-{os.urandom(5).hex()}"
    asked = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    token = done(http.post("/auth/register", json=asked), 201)["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return {"username": name, "password": PASSWORD}


def address() -> str:
    """One that nobody has used before."""
    return ".".join(str(byte) for byte in (10, *os.urandom(3)))


def test_sign_ins_are_counted_over_all_processes_and_refused_with_a_time_to_wait(proxied: Stack) -> None:
    caller = address()
    answers = [sign_in(proxied, caller) for _ in range(RATE + 3)]
    assert [answer.status_code for answer in answers] == [401] * RATE + [429] * 3
    assert "q=4;w=60" in answers[0].headers["ratelimit-policy"]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers[:RATE]] == ["r=3", "r=2", "r=1", "r=0"]
    refused = answers[-1]
    problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    # The limit is of the address and not of the account, and of the credential routes alone.
    with proxy(proxied) as fresh:
        assert fresh.post("/auth/login", json=CREDENTIALS).status_code == 401
    with proxy(proxied, caller) as tired:
        assert tired.get("/user/data").status_code == 401


def test_what_a_caller_puts_before_the_proxys_own_hop_does_not_count(proxied: Stack) -> None:
    caller = address()
    answers = [sign_in(proxied, f"{address()}, {caller}") for _ in range(RATE + 1)]
    assert answers[-1].status_code == 429


def test_who_is_no_trusted_proxy_is_not_believed_and_a_new_process_knows_the_count(proxied: Stack) -> None:
    url = f"{proxied.api}/auth/login"
    answers = [
        once("POST", url, json=CREDENTIALS, headers={"X-Forwarded-For": address()}).status_code for _ in range(RATE + 1)
    ]
    assert answers == [401] * RATE + [429]
    proxied.kill("api")
    proxied.wait_ready()
    assert once("POST", url, json=CREDENTIALS).status_code == 429


def test_when_too_many_passwords_wait_the_next_is_told_to_come_back(proxied: Stack) -> None:
    with proxy(proxied) as http:
        credentials = registered(http)
    count = 40  # One process hashes one and lets sixteen wait.
    start = threading.Barrier(count)

    def attempt(_: int) -> httpx.Response:
        with proxy(proxied) as http:
            http.get("/openapi.json")
            start.wait(30)
            return http.post("/auth/login", json=credentials)

    with ThreadPoolExecutor(count) as pool, only_process(proxied, 0):
        answers = list(pool.map(attempt, range(count)))
    counted = Counter(answer.status_code for answer in answers)
    assert set(counted) == {200, 503}
    assert counted[200] >= 17
    busy = next(answer for answer in answers if answer.status_code == 503)
    problem(busy, 503, "busy")
    assert int(busy.headers["retry-after"]) >= 1
    with proxy(proxied) as http:
        done(http.post("/auth/login", json=credentials), 200)


def test_tries_are_counted_for_each_session_and_without_one_for_each_address(proxied: Stack) -> None:
    here = address()
    with proxy(proxied) as nora, proxy(proxied, here) as stranger:
        credentials = registered(nora)
        asked = {"X-Forwarded-For": here}
        for path, body in (
            ("/auth/password", {"current_password": "wrong", "new_password": NEW}),
            ("/auth/recovery-code", {"password": "wrong"}),
        ):
            problem(nora.post(path, json=body, headers=asked), 403, "wrong_password")
        for _ in range(2):
            wrong = nora.request("DELETE", "/user", json={"password": "wrong"}, headers=asked)
            problem(wrong, 403, "wrong_password")
        elsewhere = {"X-Forwarded-For": address()}
        refused = nora.request("DELETE", "/user", json={"password": PASSWORD}, headers=elsewhere)
        problem(refused, 429, "rate_limited")
        assert int(refused.headers["retry-after"]) >= 1
        recover = {"username": credentials["username"], "recovery_code": "0" * 32, "new_password": NEW}
        for _ in range(4):
            problem(stranger.post("/auth/recover", json=recover), 401, "bad_credentials")
        problem(stranger.post("/auth/recover", json=recover), 429, "rate_limited")


def cookie_asked(http: httpx.Client, **headers: str) -> httpx.Response:
    """By a browser that is not at this machine's own page: how it is answered tells whether it is believed to have
    come over TLS."""
    sent = {"Host": "strongroom.example", **headers}
    return http.post("/auth/login", json={**CREDENTIALS, "cookie": True}, headers=sent)


def test_only_one_header_of_a_trusted_proxy_says_that_it_was_tls(proxied: Stack) -> None:
    with proxy(proxied) as http:
        for said in ({"X-Forwarded-Ssl": "on"}, {"X-Forwarded-Protocol": "ssl"}, {"SCRIPT_NAME": "/x"}):
            problem(cookie_asked(http, **said), 400, "cookie_needs_https")
        problem(cookie_asked(http, **OVER_TLS), 401, "bad_credentials")


def test_who_is_no_trusted_proxy_cannot_say_that_it_was_tls(proxied: Stack) -> None:
    with proxy(proxied, at="127.0.0.3") as http:
        problem(cookie_asked(http, **OVER_TLS), 400, "cookie_needs_https")


def test_without_trusted_proxies_nobody_is_one_on_this_machine_either(stack: Stack) -> None:
    """Gunicorn by itself would believe 127.0.0.1."""
    assert "STRONGROOM_TRUSTED_PROXIES" not in stack.settings
    with client(stack, **{"X-Forwarded-For": "203.0.113.9"}) as http:
        problem(cookie_asked(http, **OVER_TLS), 400, "cookie_needs_https")
        registered(http)
        (session,) = done(http.get("/auth/sessions"), 200)["sessions"]
    assert session["place"] == "127.0.0.0/24"


def test_gunicorn_takes_these_settings_and_no_header_is_let_through_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What an app of ASGI does with such a header cannot be seen from outside: it does not do anything."""
    monkeypatch.delenv("STRONGROOM_TRUSTED_PROXIES", raising=False)
    config = Config()
    for name, value in runpy.run_path(str(ROOT / "api" / "gunicorn.py")).items():
        if name in config.settings:
            config.set(name, value)
    assert config.forwarder_headers == []
    assert config.secure_scheme_headers == {"X-FORWARDED-PROTO": "https"}
    assert config.forwarded_allow_ips == []


def test_the_app_is_read_before_processes_are_forked_and_they_give_signs_of_life_in_memory(proxied: Stack) -> None:
    (master,) = proxied.pids("master")
    assert "apsw" in Path(f"/proc/{master}/maps").read_text(), "what only the app needs"
    if os.access("/dev/shm", os.W_OK):
        opened = open_files(master).values()
        assert any(path.startswith("/dev/shm/wgunicorn-") for path in opened), opened


def test_behind_a_trusted_proxy_the_cookie_has_the_host_prefix(proxied: Stack) -> None:
    name = f"edge-{os.urandom(3).hex()}"
    asked = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, "cookie": True}
    with proxy(proxied, Host="strongroom.example", **OVER_TLS) as http:
        response = http.post("/auth/register", json=asked)
    done(response, 201)
    cookies = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        cookies.load(line)
    morsel = cookies["__Host-strongroom"]
    assert morsel["secure"]
    assert (morsel["path"], morsel["domain"]) == ("/", "")
