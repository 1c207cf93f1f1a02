"""Makes a data folder as a version leaves it: `python -m tests.upgrades.making CHECKOUT NAME`.

CHECKOUT is a checkout of that version, with what it needs installed where this runs. It is started and spoken to over
HTTP, as any program would; `folders/NAME.tar.xz` holds what it kept, and what somebody who knows the password expects
to find in it. To be done once for each release, before it is given out, and never again.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tests.waiting import wait_for

FOLDERS: Final = Path(__file__).with_name("folders")
PASSWORD: Final = "correct horse battery staple"
START: Final = """
import importlib
try:
    cli = importlib.import_module("service.commands.cli")
except ModuleNotFoundError:
    cli = importlib.import_module("service.cli")
cli.main()
"""
LEFT_OUT: Final = ("data/run", "data/valkey")


def main(checkout: Path, name: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        story = _live(checkout, folder / "data")
        (folder / "story.json").write_text(json.dumps(story, indent=2))
        with tarfile.open(FOLDERS / f"{name}.tar.xz", "w:xz") as archive:
            archive.add(folder, arcname=".", filter=_kept)


def _kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return None if entry.name.removeprefix("./").startswith(LEFT_OUT) else entry


def _live(checkout: Path, data: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", START, "up", "--data", str(data), "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            url = running.stdout.readline().removeprefix("ready ").strip()
            with httpx.Client(base_url=f"{url}/api/v1", timeout=60.0) as http:
                return _keep_things(http)
        finally:
            running.terminate()


def _keep_things(http: httpx.Client) -> dict[str, Any]:
    """Two chats, one of them deleted; messages; three files, one of them deleted, and an upload under way."""
    ada = _done(http.post("/auth/register", json=_person("ada")))
    eve = _done(http.post("/auth/register", json=_person("eve")))
    http.headers["Authorization"] = f"Bearer {eve['token']}"
    _done(http.post("/messages", json={"content": "nobody reads this again"}))
    erased = http.request("DELETE", "/user", json={"password": PASSWORD}).is_success  # Not in the first of them.
    http.headers["Authorization"] = f"Bearer {ada['token']}"
    kept = _done(http.post("/chats", json={"title": "Kept: Größe, 日本, 🗝"}))["chat_id"]
    gone = _done(http.post("/chats", json={"title": "Gone"}))["chat_id"]
    sent = {}
    for number in range(5):
        text = f"word {number} of what is kept"
        sent[_done(http.post("/messages", json={"content": text, "chat_id": kept}))["message_id"]] = text
    _done(http.post("/messages", json={"content": "a secret of a deleted chat", "chat_id": gone}))
    files = {}
    for name, data in (("notes.txt", b"notes " * 500), ("tone.wav", _tone()), ("gone.txt", b"gone " * 9)):
        (file,) = _done(http.post("/upload/files", files=[("files", (name, data))]))["files"]
        files[file["file_id"]] = {"name": name, "sha256": hashlib.sha256(data).hexdigest()}
    wait_for(lambda: all(one["status"] == "ready" for one in _files(http)) and len(_files(http)) == 3, "files", 60)
    deleted = next(file_id for file_id, file in files.items() if file["name"] == "gone.txt")
    _done(http.delete(f"/files/{deleted}"))
    del files[deleted]
    _done(http.delete(f"/chats/{gone}"))
    begun = http.post("/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "10"})
    _done(begun)
    half = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    _done(http.patch(begun.headers["Location"].partition("/api/v1")[2], headers=half, content=b"01234"))
    wait_for(lambda: len(_files(http)) == 2, "the deletion to be seen", 60)
    return {
        "username": "ada",
        "password": PASSWORD,
        "token": ada["token"],
        "recovery_code": ada["recovery_code"],
        "erased": "eve" if erased else None,
        "made_at_us": time.time_ns() // 1_000,
        "chat": {"chat_id": kept, "title": "Kept: Größe, 日本, 🗝"},
        "messages": sent,
        "files": files,
        "gone": [gone, deleted],
        "upload": begun.headers["Location"].partition("/api/v1")[2],
    }


def _person(name: str) -> dict[str, str]:
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


def _files(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _done(http.get("/user/data", params={"include": "files"}))["files"]
    return found


def _done(answer: httpx.Response) -> Any:
    assert answer.is_success, (answer.request.url, answer.status_code, answer.text)
    return answer.json() if answer.content else None


def _tone() -> bytes:
    """A second of 440 Hz: WAV, 8,000 samples of 16 bits a second."""
    samples = [int(12_000 * math.sin(2 * math.pi * 440 * n / 8_000)) for n in range(8_000)]
    body = struct.pack(f"<{len(samples)}h", *samples)
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(body),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        8_000,
        16_000,
        2,
        16,
        b"data",
        len(body),
    )
    return head + body


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), sys.argv[2])
