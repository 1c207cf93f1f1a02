"""The wheel carries everything: who installs it needs no Node, no checkout, and no folder but an empty one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.house.test_structure import ROOMS, ROOT

STATIC: Final = ROOT / "api" / "static"
BUILD_S: Final = 60.0
INSTALL_S: Final = 240.0
PIN: Final = re.compile(r"^[a-z0-9][\w.-]*==[^\\\n]+", re.MULTILINE)  # With its marker: some differ by Python.
ASSET: Final = re.compile(r'(?:src|href)="(/[^"]+)"')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=BUILD_S)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_page_as_it_was_built(wheel: Path) -> None:
    built = {path.relative_to(ROOT).as_posix(): path for path in STATIC.rglob("*") if path.is_file()}
    assert {path.suffix for path in built.values()} >= {".html", ".js", ".css", ".png", ".webmanifest", ".br", ".gz"}
    with zipfile.ZipFile(wheel) as held:
        shipped = [name for name in held.namelist() if name.startswith("api/static/") and not name.endswith("/")]
        assert sorted(shipped) == sorted(built)
        assert [name for name, path in built.items() if held.read(name) != path.read_bytes()] == []


def test_the_wheel_holds_the_rooms_and_nothing_of_a_checkout(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as held:
        tops = {name.partition("/")[0] for name in held.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has this wheel, what its metadata asks for, and nothing else."""
    environment = tmp_path_factory.mktemp("clean") / "environment"
    python = environment / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=INSTALL_S)
    pins = environment / "pins.txt"  # The versions of the lock, without its hashes: the wheel has none.
    pins.write_text("\n".join(PIN.findall((ROOT / "requirements.txt").read_text())))
    uv = ["uv", "pip", "install", "--offline", "--quiet", "--python", str(python)]
    pip = ["pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    faults = []
    for program in (uv, pip):  # From uv's cache within a second, where it has everything; else as the lock came.
        done = subprocess.run(
            [sys.executable, "-m", *program, "--constraint", pins, wheel],
            env=bare_environment(PATH=os.environ["PATH"], HOME=str(Path.home())),
            cwd=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
        )
        if done.returncode == 0:
            return environment / "bin"
        faults.append(done.stderr)
    raise AssertionError("\n".join(faults))


@pytest.fixture
def running(installed: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`strongroom up` from an empty folder that is nobody's checkout; its address."""
    environment = outside(installed, tmp_path)
    assert shutil.which("node", path=environment["PATH"]) is None
    with (tmp_path / "stderr.log").open("wb") as errors:
        process = subprocess.Popen(
            [installed / "strongroom", "up", "--port", "0", "--workers", "1"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), (tmp_path / "stderr.log").read_text()[-4_000:]
        yield process, line.removeprefix("ready ").strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=15)
        process.stdout.close()


def test_installed_without_node_it_serves_page_and_people_from_any_folder(
    installed: Path, tmp_path: Path, running: tuple[subprocess.Popen[str], str]
) -> None:
    process, address = running
    where = "import service, api; print(service.__file__, api.__file__)"
    assert ask(installed, tmp_path, "python", "-c", where).stdout.count(str(installed.parent)) == 2
    with httpx.Client(base_url=address, timeout=30.0, trust_env=False) as http:
        page = http.get("/")
        assets = ASSET.findall(page.text)
        assert page.headers["content-type"].startswith("text/html")
        assert {Path(asset).suffix for asset in assets} >= {".js", ".css"}
        for asset in assets:
            answer = http.get(asset)
            assert (answer.status_code, answer.content != b"") == (200, True), asset
            assert not answer.headers["content-type"].startswith("text/html"), asset
        form = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery staple"}
        http.headers["Authorization"] = f"Bearer {http.post('/api/v1/auth/register', json=form).json()['token']}"
        assert http.post("/api/v1/messages", json={"content": "from a wheel"}).status_code == 201
        (message,) = http.get("/api/v1/user/data").json()["messages"]
        assert message["content"] == "from a wheel"
    doctor = ask(installed, tmp_path, "strongroom", "doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    process.terminate()
    assert process.wait(timeout=15) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"data", "stderr.log"}  # `data`, here, unless told otherwise.


def ask(installed: Path, folder: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed / program, *words],
        cwd=folder,
        env=outside(installed, folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def outside(installed: Path, folder: Path) -> dict[str, str]:
    """What stands in a newcomer's environment: this one's programs, and nothing of the checkout or the machine."""
    return bare_environment(PATH=str(installed), HOME=str(folder), PYTHONDONTWRITEBYTECODE="1")


def bare_environment(**variables: str) -> dict[str, str]:
    kept = ("LANG", "LC_ALL", "TMPDIR")
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **variables}
