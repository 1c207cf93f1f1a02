"""Strongroom behind the proxies that are shipped for it: everything passes, and nothing stays with them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Container, Iterator
from contextlib import closing, suppress
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.access import DRAIN_BYTES
from api.app import STATIC
from tests.deploy.asking import said_to, through, trusting
from tests.deploy.large import BLOCK_BYTES, CANARY, Made, Traces, post, require_same, watched
from tests.deploy.proxies import Kind, Ports, Proxy, free_ports, running_proxy
from tests.e2e.people import Person, done, problem, register
from tests.e2e.stack import Stack, running_stack
from tests.tus.sender import Sender
from tests.waiting import wait_for

BLOCKS: Final = int(os.environ.get("PROXIED_MIB", "954"))  # 10^9 bytes each way; less while one works on this.
BLOCKS_HTTP_2: Final = 48
EVENT_S: Final = 5.0
QUIET_S: Final = 30.0  # Twice as long as a stream is silent.
PROCESSED_S: Final = 120.0
MOST_MEMORY_BYTES: Final = 160 << 20
MOST_WRITTEN_BYTES: Final = 4 << 20  # What its log says in between; a thousandth of what passes.
COOKIE: Final = "__Host-strongroom"
TRICKS: Final = (Path(__file__).parent / "tricks.txt").read_text().split()
THERE: Final = (200, 401, 405)  # What Strongroom answers where there is something: POST only, at some.


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


@pytest.fixture(scope="module")
def ada(stack: Stack, proxy: Proxy) -> Iterator[Person]:
    """She speaks through the proxy alone."""
    person = register(stack)
    person.http.close()
    with closing(through(proxy)) as http:
        http.headers["Authorization"] = f"Bearer {person.token}"
        person.http = http
        yield person


def test_a_gigabyte_goes_in_and_comes_out_and_none_of_it_stays_with_the_proxy(proxy: Proxy, ada: Person) -> None:
    made = Made(BLOCKS)
    with watched(proxy) as traces, closing(through(proxy)) as listening:
        with listening.stream("GET", "/stream", headers=dict(ada.http.headers), timeout=QUIET_S) as stream:
            status, answer = post(proxy, "/upload/files", ada.token, made, "1.1")
            assert (status, answer["rejected"]) == (202, [])
            file_id = answer["files"][0]["file_id"]
            wait_told_ready(stream, file_id)
        assert ada.wait_processed(file_id)["status"] == "ready"
        require_same(proxy, f"/files/{file_id}/content", ada.token, made)
    require_no_trace(proxy, traces)
    first = made.size_bytes // 2 - 100
    asked = {"Range": f"bytes={first}-{first + 199}"}
    some = ada.http.get(f"/files/{file_id}/content", headers=asked)
    whole = made.block(made.blocks // 2 - 1)[-100:] + made.block(made.blocks // 2)[:100]
    assert (some.status_code, some.content) == (206, whole)
    done(ada.http.delete(f"/files/{file_id}"), 202)


def wait_told_ready(stream: httpx.Response, file_id: str) -> None:
    """By the stream, which has been open all the while: asking again and again would cost more than the upload."""
    until_s = time.monotonic() + PROCESSED_S
    for line in stream.iter_lines():
        assert time.monotonic() < until_s, f"not processed within {PROCESSED_S} s"
        if line.startswith("data: ") and file_id in line and json.loads(line[6:]).get("status") == "ready":
            return
    raise AssertionError("the stream ended")


def require_no_trace(proxy: Proxy, traces: Traces) -> None:
    assert traces.files == {}
    assert traces.written_bytes < MOST_WRITTEN_BYTES
    assert traces.memory_bytes < MOST_MEMORY_BYTES
    assert proxy.files_with(CANARY) == []


def test_what_is_sent_over_http_2_leaves_nothing_either(proxy: Proxy, ada: Person) -> None:
    with watched(proxy) as traces:
        status, answer = post(proxy, "/upload/files", ada.token, Made(BLOCKS_HTTP_2), "2")
    assert (status, answer["rejected"]) == (202, [])
    require_no_trace(proxy, traces)
    done(ada.http.delete(f"/files/{answer['files'][0]['file_id']}"), 202)


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
    others = set(spooled(stack))
    upload_id = sender.new(made.size_bytes)

    def half() -> Iterator[bytes]:
        for at in range(4):
            yield made.block(at)
        wait_for(lambda: sum(spooled(stack, others).values()) > 2 * BLOCK_BYTES, "some of it to have come")
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
    assert proxy.files_with(CANARY) == []


def spooled(stack: Stack, others: Container[Path] = ()) -> dict[Path, int]:
    """Size of each file that is on its way, but for those: what was deleted before may go only now."""
    found = {}
    for path in (stack.data / "spool").glob("*.spool"):
        with suppress(FileNotFoundError):
            found[path] = path.stat().st_size
    return {path: size_bytes for path, size_bytes in found.items() if path not in others}


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
    unread = Made(DRAIN_BYTES // BLOCK_BYTES - 1)  # As much as is taken in before it hangs up.
    status, answer = post(proxy, "/upload/files", "x" * 43, unread)
    assert (status, answer["code"]) == (401, "bad_credentials")


def test_plain_http_leads_to_https_which_is_remembered(proxy: Proxy) -> None:
    asked = f"http://localhost:{proxy.ports.http}/api/v1/user/data?limit=1"
    answer = httpx.get(asked, trust_env=False, follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://localhost")
    assert answer.headers["location"].endswith("/api/v1/user/data?limit=1")
    with closing(through(proxy)) as http:
        assert http.get("/user/data").headers["strict-transport-security"] == "max-age=31536000"


def test_its_files_hold_no_content_and_no_token(proxy: Proxy, ada: Person) -> None:
    canary = f"said-{os.urandom(8).hex()}"
    ada.send(canary)
    problem(ada.http.get(f"/messages/{ada.user_id}"), 404, "not_found")
    for secret in (canary.encode(), ada.token.encode(), CANARY):
        assert proxy.files_with(secret) == []


def operator_paths(ada: Person) -> Iterator[tuple[str, str]]:
    """(method, path) of all that the document calls the operator's, under both prefixes; and what it does not name."""
    for path, item in done(ada.http.get("/openapi.json"), 200)["paths"].items():
        below = path.removeprefix("/api/v1").replace("{job_id}", "a-job")
        for method, spoken in item.items():
            if isinstance(spoken, dict) and spoken.get("security") == [{"operator": []}]:
                yield from ((method.upper(), prefix + below) for prefix in ("/api/v1", "/api"))
    yield from (("GET", path) for path in ("/metrics", "/admin", "/admin.html"))
    yield from (("GET", f"/assets/{path.name}") for path in (STATIC / "assets").glob("admin-*[js]s"))


def test_what_is_the_operators_is_not_there_from_outside(stack: Stack, proxy: Proxy, ada: Person) -> None:
    paths = list(operator_paths(ada))
    assert {path for _, path in paths} > {"/api/v1/admin/overview", "/api/admin/overview", "/metrics"}
    with closing(through(proxy, "")) as outside:
        for method, path in paths:
            assert httpx.request(method, stack.url + path, trust_env=False).status_code in THERE, path
            answer = outside.request(method, path, headers={"X-Forwarded-For": "127.0.0.1"})
            assert (answer.status_code, "x-request-id" in answer.headers) == (404, False), path
        assert outside.get("/readyz").status_code == 200
        assert outside.get("/").status_code == 200


def test_no_other_way_to_write_a_path_leads_to_what_is_the_operators(stack: Stack, proxy: Proxy) -> None:
    port, tls = httpx.URL(stack.url).port, trusting(proxy)
    assert port is not None
    led = {target for target in TRICKS if said_to(target, port) in THERE}
    assert led >= {"/%6detrics", "/api/v1%2fadmin/overview", "/api/v1/admin/jobs/../retry"}, "these are no tricks"
    passed = {target: said_to(target, proxy.ports.https, tls) for target in TRICKS}
    assert {target: status for target, status in passed.items() if status not in (None, 400, 404)} == {}
    assert said_to("/%72eadyz", proxy.ports.https, tls) == 200
