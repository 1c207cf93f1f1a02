"""The wheel carries the built page, compressed copies and all: who installs it needs no Node."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.house.test_structure import ROOMS, ROOT

STATIC = ROOT / "api" / "static"
BUILD_S = 60.0


def built_wheel(folder: Path) -> zipfile.ZipFile:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=BUILD_S)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_page_as_it_was_built(tmp_path: Path) -> None:
    built = {path.relative_to(ROOT).as_posix(): path for path in STATIC.rglob("*") if path.is_file()}
    assert {path.suffix for path in built.values()} >= {".html", ".js", ".css", ".png", ".webmanifest", ".br", ".gz"}
    with built_wheel(tmp_path) as wheel:
        shipped = [name for name in wheel.namelist() if name.startswith("api/static/") and not name.endswith("/")]
        assert sorted(shipped) == sorted(built)
        assert [name for name, path in built.items() if wheel.read(name) != path.read_bytes()] == []


def test_the_wheel_holds_the_rooms_and_nothing_of_a_checkout(tmp_path: Path) -> None:
    with built_wheel(tmp_path) as wheel:
        tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(ROOMS)
