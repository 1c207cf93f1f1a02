"""How the page's files are served: by exact name, coded as the client likes, kept for as long as their names allow."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Final

import brotli
import falcon.asgi
import falcon.testing
import pytest

from api.app import STATIC, build
from api.content_coding import preferred
from api.page import CODINGS, CSP, IMMUTABLE, Static
from service.desk.desk import Desk
from service.house.house import House
from tests.service.desks import at_desk

SCRIPT: Final = b"let words = 'again and again';\n" * 100
OPENED: Final = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
FILES: Final = {
    "index.html": b"<!doctype html>",
    "admin.html": b"<!doctype html><title>Operator",
    "manifest.webmanifest": b"{}",
    "icon-192.png": b"\x89PNG",
    "assets/index-Ab12Cd34.js": SCRIPT,
    "assets/index-Ab12Cd34.js.br": brotli.compress(SCRIPT),
    "assets/index-Ab12Cd34.js.gz": gzip.compress(SCRIPT),
}
CODED: Final = "/assets/index-Ab12Cd34.js"


@pytest.fixture
def page(tmp_path: Path) -> falcon.testing.TestClient:
    """A page that was built, in a folder of its own."""
    for name, data in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    app = falcon.asgi.App()
    app.add_sink(Static(tmp_path), "/")
    return falcon.testing.TestClient(app)


def get(page: falcon.testing.TestClient, path: str, coding: str | None = None, **headers: str) -> falcon.testing.Result:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    if coding is not None:
        asked["Accept-Encoding"] = coding
    return page.simulate_get(path, headers=asked)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br ; q=0.5 , gzip ; q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0.000", "identity"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0.5, *;q=0.1", "gzip"),
        ("identity", "identity"),
        ("identity;q=1, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=1.0", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("identity;q=0", "identity"),  # It takes nothing that there is: plain bytes anybody can read.
        ("zstd, compress", "identity"),
        ("br;q=2, gzip;q=0.1", "gzip"),
        ("br;q=nan, gzip;q=-1", "identity"),
        ("br;level=3", "identity"),
        (";q=1, , gzip", "gzip"),
        ("gzip\x00", "identity"),
        ("," * 10_000 + "br", "br"),
    ],
)
def test_the_client_gets_the_coding_that_it_likes_best(header: str | None, coding: str) -> None:
    assert preferred(header, list(CODINGS)) == coding


def test_what_was_not_compressed_comes_as_it_is() -> None:
    assert preferred("br, gzip, identity;q=0", []) == "identity"


@pytest.mark.parametrize("coding", ["br", "gzip", None])
def test_every_coding_opens_to_the_same_bytes_under_a_tag_of_its_own(
    page: falcon.testing.TestClient, coding: str | None
) -> None:
    answer, plain = get(page, CODED, coding), get(page, CODED)
    assert answer.headers.get("content-encoding") == coding
    assert OPENED[coding](answer.content) == SCRIPT
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert (answer.headers["etag"] == plain.headers["etag"]) is (coding is None)


def test_what_the_client_has_is_not_sent_again_but_only_in_the_coding_it_has(page: falcon.testing.TestClient) -> None:
    etag = get(page, CODED, "br").headers["etag"]
    same = get(page, CODED, "br", If_None_Match=etag)
    assert (same.status_code, same.content) == (304, b"")
    assert (same.headers["etag"], same.headers["vary"]) == (etag, "Accept-Encoding")
    assert same.headers["cache-control"] == IMMUTABLE
    assert get(page, CODED, "gzip", If_None_Match=etag).status_code == 200


def test_head_tells_what_get_would_send(page: falcon.testing.TestClient) -> None:
    got = get(page, CODED, "br")
    asked = page.simulate_head(CODED, headers={"Accept-Encoding": "br"})
    assert (asked.status_code, asked.content) == (200, b"")
    for name in ("etag", "vary", "content-encoding", "content-length", "content-type", "cache-control"):
        assert asked.headers[name] == got.headers[name], name


@pytest.mark.parametrize("path", ["/", "/index.html", "/manifest.webmanifest", "/icon-192.png"])
def test_what_keeps_its_name_is_asked_for_again(page: falcon.testing.TestClient, path: str) -> None:
    answer = get(page, path, "br, gzip")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("path", ["/admin", "/admin.html"])
def test_the_operators_page_is_kept_and_named_nowhere(page: falcon.testing.TestClient, path: str) -> None:
    answer = get(page, path, "br, gzip")
    assert (answer.status_code, answer.content) == (200, FILES["admin.html"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["content-security-policy"] == CSP
    assert "x-robots-tag" not in get(page, "/").headers


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon-192.png", "image/png"),
    ],
)
def test_a_file_has_the_type_of_its_name(page: falcon.testing.TestClient, path: str, media_type: str) -> None:
    assert get(page, path).headers["content-type"] == media_type


@pytest.mark.parametrize("path", [CODED + ".br", CODED + ".gz", "/assets", "/assets/", "/../page.py", "/INDEX.html"])
def test_there_is_no_other_page(page: falcon.testing.TestClient, path: str) -> None:
    assert get(page, path).status_code == 404


def test_a_page_takes_nothing(page: falcon.testing.TestClient) -> None:
    answer = page.simulate_post(CODED, body=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_built_page_is_served_whole_in_every_coding(house: House) -> None:
    names = ["/" + path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]
    plain_names = [name for name in names if not name.endswith(tuple(CODINGS.values()))]

    async def story(desk: Desk) -> dict[tuple[str, str], falcon.testing.Result]:
        answers = {}
        async with falcon.testing.ASGIConductor(build(desk)) as conductor:
            for name in plain_names:
                for coding in ("br", "gzip", "identity"):
                    answers[name, coding] = await conductor.simulate_get(name, headers={"Accept-Encoding": coding})
        return answers

    answers = at_desk(house, story)
    scripts = {answer.headers.get("content-encoding") for (name, _), answer in answers.items() if name.endswith(".js")}
    assert scripts >= {"br", "gzip", None}
    for (name, _), answer in answers.items():
        opened = OPENED[answer.headers.get("content-encoding")](answer.content)
        assert opened == (STATIC / name.lstrip("/")).read_bytes(), name
        assert answer.headers["content-security-policy"] == CSP
        hashed = re.fullmatch(r"/assets/.+-[\w-]{8}\.\w+", name) is not None
        unhashed = "no-store" if name == "/admin.html" else "no-cache"
        assert answer.headers["cache-control"] == (IMMUTABLE if hashed else unhashed)


def test_no_answer_of_the_api_is_compressed(house: House) -> None:
    async def story(desk: Desk) -> falcon.testing.Result:
        async with falcon.testing.ASGIConductor(build(desk)) as conductor:
            return await conductor.simulate_get("/api/v1/openapi.json", headers={"Accept-Encoding": "br, gzip"})
        raise AssertionError("the app's shutdown swallowed the answer")

    answer = at_desk(house, story)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
