"""Taking everything out of one Strongroom and into another account, over HTTP; and reading it from the disk."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

from tests.browser import chromium
from tests.e2e.people import Person, done, problem, somebody
from tests.e2e.stack import Stack
from tests.media_made import grey_png, tone_wav

Json = dict[str, Any]
DATA = os.urandom((2 << 20) + 77)


def test_a_person_takes_everything_along(newcomer: Person, stack: Stack, tmp_path: Path) -> None:
    chat_id = newcomer.chat("Holiday <2026>")
    names = [("beach.png", grey_png(8, 8), "image/png"), ("waves.wav", tone_wav(), "audio/wav")]
    file_ids = [newcomer.ready_file(data, name, declared) for name, data, declared in names]
    big = newcomer.ready_file(DATA, "big.bin")
    newcomer.send("The words of the day: <b>sea</b>, sand.", chat_id=chat_id, file_ids=file_ids)

    answer = newcomer.http.get("/user/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="strongroom-')
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["strongroom-export-bytes"]) > len(DATA)
    archive = answer.content
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path)
        manifest: Json = json.loads(opened.read("manifest.json"))
    assert manifest["missing"] == []
    assert manifest["proofs"]["unproved"] == 0  # A checkpoint came that has the export itself.
    told = json.loads((tmp_path / "data.json").read_text())
    assert [(row["file_id"], row["path"]) for row in told["files"]] == [
        (file_ids[0], "files/beach.png"), (file_ids[1], "files/waves.wav"), (big, "files/big.bin")
    ]  # fmt: skip
    assert told["messages"] == newcomer.data()["messages"]
    assert (tmp_path / "files/big.bin").read_bytes() == DATA

    with somebody(stack) as heir:
        came = heir.http.post("/user/import", content=archive, headers={"Content-Type": "application/zip"})
        assert {**done(came, 200), "position": 0} == {
            "chats": 1, "messages": 1, "files": 3, "skipped": 0, "position": 0
        }  # fmt: skip
        data = heir.data()
        for row in data["files"]:
            assert heir.wait_processed(row["file_id"])["status"] == "ready"
            assert hashlib.sha256(heir.download(row["file_id"])).hexdigest() == row["hash_sha256"]
        before = newcomer.data()
        assert data["messages"][0]["content"] == before["messages"][0]["content"]
        assert data["messages"][0]["created_at"] == before["messages"][0]["created_at"]
        assert set(data["messages"][0]["file_ids"]) <= {row["file_id"] for row in data["files"]}
        assert big not in {row["file_id"] for row in data["files"]}
        assert "DataImported" in {event["type"] for event in heir.http.get("/user/events").json()["events"]}
    assert "DataExported" in {event["type"] for event in newcomer.http.get("/user/events").json()["events"]}
    _reads_from_the_disk(tmp_path)


def _reads_from_the_disk(folder: Path) -> None:
    """Words, picture and player, in a browser that is told to be offline."""
    said: list[str] = []
    asked: list[str] = []
    with chromium() as browser:
        context = browser.new_context(offline=True)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / "index.html").as_uri())
        page.get_by_text("Holiday <2026>").click()
        assert page.get_by_text("The words of the day: <b>sea</b>, sand.").is_visible()
        picture = page.locator('img[alt="beach.png"]')
        picture.scroll_into_view_if_needed()
        page.wait_for_function("document.images[0].complete")
        assert picture.evaluate("image => image.naturalWidth") == 8
        assert page.locator("audio").is_visible()
        length = "audio => new Promise(done => { audio.onloadedmetadata = () => done(audio.duration); audio.load(); })"
        page.locator("audio").evaluate("audio => { audio.preload = 'metadata'; }")
        assert round(page.locator("audio").evaluate(length)) == 1
        colour = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(colour)
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(colour) != light
        context.close()
    assert said == []
    assert all(url.startswith("file://") for url in asked)


def test_what_is_no_export_is_refused(newcomer: Person, ada: Person) -> None:
    zipped = {"Content-Type": "application/zip"}
    problem(newcomer.http.post("/user/import", content=b"GIF89a" * 20, headers=zipped), 422, "bad_export")
    problem(newcomer.http.post("/user/import", content=b"{}"), 415, "unsupported_media_type")
    newcomer.chat("mine")
    archive = ada.http.get("/user/export").content
    problem(newcomer.http.post("/user/import", content=archive, headers=zipped), 409, "not_empty")
