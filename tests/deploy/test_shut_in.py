"""Strongroom lives and works under what the units deny it: each part started by its own unit's line, as nobody."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from service.machine.process import following_parent
from tests.deploy import shut_in
from tests.deploy.proxies import free_ports
from tests.deploy.test_units import HARDENING, UNITS, section
from tests.e2e.people import Json, done
from tests.e2e.stack import STRONGROOM, bare_environment
from tests.media_made import tone_wav
from tests.waiting import wait_for

PARTS: Final = ("valkey", "projections", "worker", "api")
STOP_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Place:
    folder: Path
    environment: dict[str, str]

    def command(self, name: str, *more: str) -> list[str]:
        """The unit's own line, under the unit's own bounds."""
        lines = {**section(HARDENING), **section(UNITS / f"strongroom-{name}.service")}
        bounds = {each: lines[each][0] for each in ("RestrictAddressFamilies", "UMask")}
        unit = json.dumps({**bounds, "SystemCallFilter": lines["SystemCallFilter"]})
        words = lines["ExecStart"][0].replace("/opt/strongroom/bin/", f"{STRONGROOM.parent}/").split()
        return [sys.executable, str(Path(shut_in.__file__)), unit, "--", *words, *more]

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(name),
                env=self.environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=following_parent(signal.SIGTERM),  # noqa: PLW1509  (two system calls and no lock)
            )
        try:
            yield process
            process.terminate()
            assert process.wait(STOP_S) == 0
        finally:
            process.kill()
            process.wait()

    def said(self) -> str:
        return "".join(f"{path.name}: {path.read_text()[-2_000:]}\n" for path in sorted(self.folder.glob("*.log")))


@pytest.fixture
def place() -> Iterator[Place]:
    if shutil.which("systemd-analyze") is None:
        assert os.environ.get("CI", "").lower() != "true", "CI must have systemd-analyze"
        pytest.skip("NOT TESTED: systemd-analyze is not installed")
    with tempfile.TemporaryDirectory(prefix="strongroom-") as name:
        folder = Path(name)
        (folder / "server.key").write_bytes(os.urandom(32))
        for path in (folder, folder / "server.key"):
            os.chown(path, shut_in.whose(), -1)
        given = {
            "STRONGROOM_DATA": str(folder / "data"),
            "STRONGROOM_PORT": str(free_ports().http),
            "STRONGROOM_SERVER_KEY_FILE": str(folder / "server.key"),
        }
        yield Place(folder, {**bare_environment(), "HOME": "/nonexistent", **given})


def test_each_part_works_under_its_own_unit(place: Place) -> None:
    address = f"http://127.0.0.1:{place.environment['STRONGROOM_PORT']}"
    with ExitStack() as parts:
        running = [parts.enter_context(place.running(name)) for name in PARTS]

        def ready() -> bool:
            assert [process.poll() for process in running] == [None] * len(running), place.said()
            try:
                return httpx.get(f"{address}/readyz", timeout=5.0, trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        wait_for(ready, "all parts to be ready")
        with httpx.Client(base_url=f"{address}/api/v1", timeout=30.0, trust_env=False) as http:
            form = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery staple"}
            token = done(http.post("/auth/register", json=form), 201)["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            sound = http.post("/upload/audio", files={"file": ("tone.wav", tone_wav(), "audio/wav")})
            (file,) = done(sound, 202)["files"]

            def opened() -> Json:
                return done(http.get(f"/files/{file['file_id']}"), 200)["audio"] or {}

            assert wait_for(opened, f"the recording to be opened; {place.said()}")["duration_s"] == 1.0
            assert done(http.post("/messages", json={"content": "shut in"}), 201)
            assert done(http.get("/user/data"), 200)["messages"][0]["content"] == "shut in"
        doctor = subprocess.run(
            place.command("doctor"), env=place.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert doctor.returncode == 0, doctor.stdout + doctor.stderr
        assert not (place.folder / "data" / "server.key").exists()
