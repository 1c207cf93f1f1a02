"""How often one may ask for a session, whoever answers, and how many passwords are hashed at once."""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.e2e.people import client, problem, somebody
from tests.e2e.stack import Stack, running_stack

RATE = 4
CREDENTIALS = {"username": "nobody-here", "password": "wrong horse battery staple"}


def sign_in(stack: Stack, **headers: str) -> httpx.Response:
    """On a connection of its own, so that any process may answer."""
    return httpx.post(f"{stack.api}/auth/login", json=CREDENTIALS, headers=headers, timeout=30.0, trust_env=False)


def address() -> str:
    """One that nobody has used before: TEST-NET-1 of RFC 5737 and around."""
    return f"192.0.{os.urandom(1)[0]}.{os.urandom(1)[0]}"


def test_sign_ins_are_counted_over_all_processes_and_refused_with_a_time_to_wait(proxied: Stack) -> None:
    caller = {"X-Forwarded-For": address()}
    answers = [sign_in(proxied, **caller) for _ in range(RATE + 3)]
    assert [answer.status_code for answer in answers] == [401] * RATE + [429] * 3
    assert "q=4;w=60" in answers[0].headers["ratelimit-policy"]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers[:RATE]] == ["r=3", "r=2", "r=1", "r=0"]
    refused = answers[-1]
    problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_the_limit_is_of_the_address_and_not_of_the_account(proxied: Stack) -> None:
    tired, fresh = address(), address()
    while sign_in(proxied, **{"X-Forwarded-For": tired}).status_code != 429:
        pass
    with client(proxied, **{"X-Forwarded-For": fresh}) as http:
        assert http.post("/auth/login", json=CREDENTIALS).status_code == 401
        assert http.get("/user/data").status_code == 401  # And of the credential routes alone.


def test_what_a_caller_puts_before_the_proxys_own_hop_does_not_count(proxied: Stack) -> None:
    caller = address()
    answers = [sign_in(proxied, **{"X-Forwarded-For": f"{address()}, {caller}"}) for _ in range(RATE + 1)]
    assert answers[-1].status_code == 429


def test_without_a_trusted_proxy_a_forwarded_address_is_not_believed(tmp_path: Path) -> None:
    with running_stack(tmp_path, credential_rate=RATE) as limited:
        answers = [sign_in(limited, **{"X-Forwarded-For": address()}) for _ in range(RATE + 1)]
        assert [answer.status_code for answer in answers] == [401] * RATE + [429]
        limited.kill("api")
        limited.wait_ready()
        assert sign_in(limited).status_code == 429  # A new process knows it too.


def test_when_too_many_passwords_wait_the_next_is_told_to_come_back(tight: Stack) -> None:
    with somebody(tight) as grace:
        count = 40  # One process hashes one and lets sixteen wait.
        start = threading.Barrier(count)

        def attempt(_: int) -> httpx.Response:
            with client(tight) as http:
                http.get("/openapi.json")
                start.wait(30)
                return http.post("/auth/login", json=grace.credentials)

        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(attempt, range(count)))
        counted = Counter(answer.status_code for answer in answers)
        assert set(counted) == {200, 503}
        assert counted[200] >= 17
        busy = next(answer for answer in answers if answer.status_code == 503)
        problem(busy, 503, "busy")
        assert int(busy.headers["retry-after"]) >= 1
        assert grace.login()
