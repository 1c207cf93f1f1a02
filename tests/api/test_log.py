"""The log for auditors, asked of the whole app."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import falcon.testing
import pytest

from eventstore.bundles import encode_bundle
from eventstore.checkpoint import open_checkpoint
from eventstore.merkle import perfect_root
from eventstore.note import parse_key
from service.desk.desk import Desk
from service.house.house import House
from tests.api.asking import conducted, problem
from tests.service.desks import at_desk
from tests.service.logs import grow, sign

SETTLED = "public, max-age=3600"


def fetch(
    house: House, *paths: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> list[falcon.testing.Result]:
    """Without credentials, outside /api."""

    async def story(desk: Desk) -> list[falcon.testing.Result]:
        async with conducted(desk) as conductor:
            return [await conductor.simulate_request(method, path, headers=headers) for path in paths]
        raise AssertionError("the app's shutdown swallowed the answer")

    return at_desk(house, story)


def test_key_and_checkpoint_are_open_to_everybody_and_belong_together(house: House) -> None:
    for result in fetch(house, "/log/key", "/log/checkpoint"):
        problem(result, 404, "not_found")
    grow(house, 3)
    sign(house)
    key, checkpoint = fetch(house, "/log/key", "/log/checkpoint")
    assert open_checkpoint(checkpoint.content, parse_key(key.text.removesuffix("\n")))[0].size == 3
    for result in (key, checkpoint):
        assert (result.status_code, result.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert result.headers["cache-control"] == "public, max-age=1"
        assert result.headers["access-control-allow-origin"] == "*"


def test_tiles_hold_the_hashes_of_the_rows(house: House) -> None:
    grow(house, 600)
    sign(house)
    leaves = house.log.read_leaves(0, 600)
    roots = [perfect_root([leaves[at : at + 32] for at in range(start, start + 8_192, 32)]) for start in (0, 8_192)]
    wanted = {
        "/log/tile/0/000": leaves[:8_192],
        "/log/tile/0/001": leaves[8_192:16_384],
        "/log/tile/0/000.p/3": leaves[:96],  # Of an older checkpoint.
        "/log/tile/0/002.p/88": leaves[16_384:],
        "/log/tile/1/000.p/1": roots[0],
        "/log/tile/1/000.p/2": b"".join(roots),
    }
    for result, data in zip(fetch(house, *wanted), wanted.values(), strict=True):
        assert (result.status_code, result.content) == (200, data)
        assert result.headers["content-type"] == "application/octet-stream"
        assert result.headers["cache-control"] == SETTLED
        assert result.headers["access-control-allow-origin"] == "*"
        assert result.headers["content-length"] == str(len(data))


def test_entry_bundles_hold_the_envelopes_and_come_compressed_if_wanted(house: House) -> None:
    grow(house, 260)
    sign(house)
    wanted = {
        "/log/tile/entries/000": (0, 256),
        "/log/tile/entries/001.p/4": (256, 4),
        "/log/tile/entries/000.p/7": (0, 7),
    }
    for path, (first, count) in wanted.items():
        data = encode_bundle(house.log.read_entries(first, count))
        (plain,) = fetch(house, path)
        (packed,) = fetch(house, path, headers={"Accept-Encoding": "br, gzip"})
        (refused,) = fetch(house, path, headers={"Accept-Encoding": "gzip;q=0"})
        assert plain.content == refused.content == gzip.decompress(packed.content) == data
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.headers["etag"] != plain.headers["etag"]
        for result in (plain, packed):
            assert (result.status_code, result.headers["vary"]) == (200, "Accept-Encoding")
            assert result.headers["cache-control"] == SETTLED


def test_head_says_what_get_would_send_and_a_tag_saves_sending_it(house: House) -> None:
    grow(house, 300)
    sign(house)
    for path in ("/log/key", "/log/checkpoint", "/log/tile/0/000", "/log/tile/entries/000"):
        (got,) = fetch(house, path)
        (head,) = fetch(house, path, method="HEAD")
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length", "etag", "cache-control"):
            assert head.headers[name] == got.headers[name]
        (again,) = fetch(house, path, headers={"If-None-Match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


MISSING = [
    *("0/001", "0/001.p/45", "0/001.p/255", "0/002.p/1", "0/999", "1/000", "1/000.p/2", "2/000.p/1", "3/000"),
    *("0/000.p/0", "0/000.p/00", "0/000.p/01", "0/000.p/044", "0/000.p/256", "0/000.p/257", "0/000.p/", "0/000.p"),
    *("0/000.p/1/", "0/000.p/1/1", "0/000.p/-1", "0/000.p/+1", "0/000.p/1e1", "0/000.p/\u0661"),
    *(
        "0/0",
        "0/00",
        "0/0000",
        "0/x000/000",
        "0/000/000",
        "0/x00/000",
        "0/000/",
        "0//000",
        "0/",
        "0",
        "",
        "/",
        "0/ 000",
    ),
    *("00/000", "01/000", "-1/000", "+0/000", "8/000", "63/000", "64/000", "256/000", "x/000", "0x0/000", "\u0660/000"),
    *("0/../0/000", "0/..%2f..%2fkey", "..%2fkey", "0/%00", "0/000%0a", "0/x999/x999/x999/x999/x999/x999/x999/999"),
    *("entries", "entries/", "entries/001", "entries/001.p/45", "entries/000.p/256", "entries/0/000", "Entries/000"),
    *("entries/002.p/1", "entries/1/000", "entries/../0/000", "entries/000.p/1.gz", "data/000"),
]


def test_what_the_published_tree_has_not_is_not_found(house: House) -> None:
    grow(house, 300)
    sign(house)
    grow(house, 300)  # There, but not signed.
    for path, result in zip(MISSING, fetch(house, *(f"/log/tile/{each}" for each in MISSING)), strict=True):
        assert (path, result.status_code) == (path, 404)
        assert result.json["code"] == "not_found"
        assert result.headers["cache-control"] == "no-store"
        assert "content-encoding" not in result.headers
    for result in fetch(house, "/log", "/log/", "/log/signed", "/log/signing-key", "/log/tile", "/log/Key"):
        assert result.status_code == 404
    (found,) = fetch(house, "/log/tile/0/001.p/44")
    assert found.status_code == 200


def test_the_log_is_not_written_to_over_http(house: House) -> None:
    grow(house, 3)
    sign(house)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for result in fetch(house, "/log/checkpoint", "/log/key", "/log/tile/0/000.p/1", method=method):
            problem(result, 405, "method_not_allowed")


@pytest.mark.parametrize("data", [None, b"", b"\x00" * 31])
def test_a_tile_that_is_torn_on_the_disk_is_made_from_the_rows(house: House, data: bytes | None) -> None:
    grow(house, 300)
    sign(house)
    tile = house.layout.log / "tile/0/000"
    tile.unlink() if data is None else tile.write_bytes(data)
    (result,) = fetch(house, "/log/tile/0/000")
    assert result.content == house.log.read_leaves(0, 256)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"a\n1\n\n"])
def test_a_checkpoint_that_is_torn_on_the_disk_is_none(house: House, data: bytes) -> None:
    grow(house, 3)
    sign(house)
    house.layout.checkpoint.write_bytes(data)
    for result in fetch(house, "/log/checkpoint", "/log/tile/0/000.p/1"):
        problem(result, 404, "not_found")
