"""Strongroom behind the proxies that are shipped for it: everything passes, and nothing stays with them."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Iterator
from contextlib import closing
from http.cookies import SimpleCookie
from typing import Final

import httpx
import pytest

from tests.deploy.large import BLOCK_BYTES, CANARY, Made, canaries_in, fetch, post, watched
from tests.deploy.proxies import Kind, Ports, Proxy, free_ports, running_proxy
from tests.e2e.people import Person, done, problem, register
from tests.e2e.stack import Stack, running_stack
from tests.tus.sender import Sender
from tests.waiting import wait_for

BLOCKS: Final = int(os.environ.get("PROXIED_MIB", "1024"))  # 1 GiB each way; less while one works on this.
EVENT_S: Final = 5.0
MOST_MEMORY_BYTES: Final = 160 << 20
MOST_WRITTEN_BYTES: Final = 4 << 20  # What its log says in between; a thousandth of what passes.
COOKIE: Final = "__Host-strongroom"


@pytest.fixture(scope="module")
def ports() -> Ports:
    return free_ports()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, ports: Ports) -> Iterator[Stack]:
    """As it stands behind a proxy."""
    folder = tmp_path_factory.mktemp("proxied")
    behind = {"trusted_proxies": "127.0.0.1", "public_origin": ports.origin}
    with running_stack(folder, api_processes=1, **behind) as stack:
        yield stack
        assert stack.stop() == 0


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, stack: Stack, ports: Ports) -> Iterator[Proxy]:
    kind: Kind = request.param
    with running_proxy(kind, ports, stack.url.removeprefix("http://")) as proxy:
        yield proxy


@pytest.fixture
def ada(stack: Stack, proxy: Proxy) -> Iterator[Person]:
    """She speaks through the proxy alone."""
    person = register(stack)
    person.http.close()
    with closing(through(proxy)) as http:
        http.headers["Authorization"] = f"Bearer {person.token}"
        person.http = http
        yield person


def through(proxy: Proxy) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(proxy.certificate))
    return httpx.Client(base_url=f"{proxy.ports.origin}/api/v1", verify=context, timeout=30.0, trust_env=False)


def test_a_gigabyte_goes_in_and_comes_out_and_none_of_it_stays_with_the_proxy(proxy: Proxy, ada: Person) -> None:
    made = Made(BLOCKS)
    with watched(proxy) as traces:
        status, answer = post(proxy, "/upload/files", ada.token, made)
        assert (status, answer["rejected"]) == (202, [])
        file_id = answer["files"][0]["file_id"]
        assert ada.wait_processed(file_id, 120.0)["status"] == "ready"
        assert fetch(proxy, f"/files/{file_id}/content", ada.token) == (made.size_bytes, made.sha256)
    assert traces.files == {}
    assert traces.written_bytes < MOST_WRITTEN_BYTES
    assert traces.memory_bytes < MOST_MEMORY_BYTES
    assert canaries_in(proxy.folder) == []
    first = made.size_bytes // 2 - 100
    asked = {"Range": f"bytes={first}-{first + 199}"}
    some = ada.http.get(f"/files/{file_id}/content", headers=asked)
    whole = made.block(made.blocks // 2 - 1)[-100:] + made.block(made.blocks // 2)[:100]
    assert (some.status_code, some.content) == (206, whole)
    done(ada.http.delete(f"/files/{file_id}"), 202)


def test_an_event_comes_through_at_once(proxy: Proxy, ada: Person) -> None:
    with (
        closing(through(proxy)) as listening,
        listening.stream("GET", "/stream", headers=dict(ada.http.headers), timeout=EVENT_S) as stream,
    ):
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        sent = ada.send("heard through a proxy")
        said = next(line for line in lines if line.startswith("data: ") and sent["message_id"] in line)
        assert json.loads(said.removeprefix("data: "))["message_id"] == sent["message_id"]


def test_an_upload_that_is_cut_goes_on_where_it_was(stack: Stack, proxy: Proxy, ada: Person) -> None:
    made, sender = Made(8), Sender(ada)
    upload_id = sender.new(made.size_bytes)

    def half() -> Iterator[bytes]:
        for at in range(4):
            yield made.block(at)
        wait_for(lambda: spooled_bytes(stack) > 2 * BLOCK_BYTES, "some of it to have come")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        sender.patch(upload_id, half())
    offset = sender.offset(upload_id)
    assert 0 < offset <= made.size_bytes // 2
    rest = b"".join(made.read())[offset:]
    answer = sender.patch(upload_id, rest, offset)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(made.size_bytes))
    file_id = answer.headers["Strongroom-File-Id"]
    assert ada.wait_processed(file_id)["status"] == "ready"
    assert ada.download(file_id) == b"".join(made.read())
    assert canaries_in(proxy.folder) == []


def spooled_bytes(stack: Stack) -> int:
    return sum(path.stat().st_size for path in (stack.data / "spool").glob("*.spool"))


def test_who_signs_in_over_https_gets_the_cookie_that_only_https_carries(
    stack: Stack, proxy: Proxy, ada: Person
) -> None:
    own = {"Origin": proxy.ports.origin, "Sec-Fetch-Site": "same-origin"}
    with closing(through(proxy)) as browser:
        signed_in = browser.post("/auth/login", json={**ada.credentials, "cookie": True}, headers=own)
        done(signed_in, 200)
        cookies = SimpleCookie()
        for line in signed_in.headers.get_list("set-cookie"):
            cookies.load(line)
        assert bool(cookies[COOKIE]["secure"])
        done(browser.post("/messages", json={"content": "by cookie"}, headers=own), 201)
        other = {"Origin": "https://elsewhere.example"}
        assert browser.post("/messages", json={"content": "forged"}, headers=other).status_code == 403


def test_what_strangers_say_of_themselves_does_not_count(proxy: Proxy, ada: Person) -> None:
    lies = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "http", "Forwarded": "for=8.8.8.8;proto=http"}
    with closing(through(proxy)) as http:
        done(http.post("/auth/login", json=ada.credentials, headers=lies), 200)
    places = [each["place"] for each in done(ada.http.get("/auth/sessions"), 200)["sessions"]]
    assert "127.0.0.0/24" in places
    assert not [place for place in places if place.startswith("8.")]


def test_a_large_body_that_nobody_wants_is_answered_and_not_cut(proxy: Proxy) -> None:
    status, answer = post(proxy, "/upload/files", "x" * 43, Made(32))
    assert (status, answer["code"]) == (401, "bad_credentials")


def test_plain_http_leads_to_https_which_is_remembered(proxy: Proxy) -> None:
    asked = f"http://localhost:{proxy.ports.http}/api/v1/user/data?limit=1"
    answer = httpx.get(asked, trust_env=False, follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://localhost")
    assert answer.headers["location"].endswith("/api/v1/user/data?limit=1")
    with closing(through(proxy)) as http:
        assert http.get("/user/data").headers["strict-transport-security"] == "max-age=31536000"


def test_its_logs_hold_no_content_and_no_token(proxy: Proxy, ada: Person) -> None:
    canary = f"said-{os.urandom(8).hex()}"
    ada.send(canary)
    problem(ada.http.get(f"/messages/{ada.user_id}"), 404, "not_found")
    logs = b"".join(path.read_bytes() for path in proxy.folder.rglob("*.log"))
    assert canary.encode() not in logs
    assert ada.token.encode() not in logs
    assert CANARY not in logs
