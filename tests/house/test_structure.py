"""The house as drawn: rooms, directions of import, short files, nothing done by an import alone."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROBE: Final = Path(__file__).with_name("import_probe.py")
ROOMS: Final = ("api", "workers", "service", "eventstore", "vault", "projections", "domain")

LINES_MAX: Final = 400
# path → why this one idea needs more lines than LINES_MAX
LONG_FILES: Final = {"frontend/src/api/schema.ts": "made by a program: nobody edits it"}


def packages_on_disk(root: Path) -> set[str]:
    """Names of the top-level folders that hold Python modules."""
    return {path.parent.name for path in root.glob("[!.]*/*.py")}


def packages_in_contract(root: Path) -> set[str]:
    """Names that both import-linter's roots and its layers know."""
    config = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in config["contracts"] if contract["id"] == "layers")
    named = {name.strip() for layer in layers for name in layer.replace("|", ":").split(":")}
    return named & set(config["root_packages"])


def repository_files(*suffixes: str) -> list[Path]:
    """Files that are in git or about to be: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]


@pytest.fixture
def empty_house(tmp_path: Path) -> Path:
    """The contracts of this house over packages that hold nothing yet."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for name in packages_in_contract(ROOT):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    for floor in (ROOT / "service").glob("*/__init__.py"):
        made = tmp_path / floor.relative_to(ROOT)
        made.parent.mkdir()
        made.touch()
    return tmp_path


def lint_imports(house: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {"PYTHONPATH": str(house), "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    return subprocess.run(command, cwd=house, env=environment, check=False, capture_output=True, text=True, timeout=60)


def test_every_top_level_package_stands_in_the_import_contract() -> None:
    assert packages_on_disk(ROOT) == packages_in_contract(ROOT)


def test_a_package_left_out_of_the_import_contract_is_found(empty_house: Path) -> None:
    (empty_house / "attic").mkdir()
    (empty_house / "attic" / "box.py").touch()
    assert packages_on_disk(empty_house) - packages_in_contract(empty_house) == {"attic"}


def test_a_house_of_empty_rooms_keeps_every_contract(empty_house: Path) -> None:
    outcome = lint_imports(empty_house)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    ("room", "imported"),
    [
        ("domain", "service"),
        ("domain", "os"),
        ("eventstore", "domain"),
        ("eventstore", "vault"),
        ("vault", "projections"),
        ("api", "workers"),
        ("service", "api"),
        ("service", "falcon"),
        ("api", "redis"),
        ("service", "dramatiq"),
        ("service", "apsw"),
        ("service.house", "service.desk"),
        ("service.uploads", "service.accounts"),
        ("vault", "tests"),
    ],
)
def test_an_import_against_the_drawing_is_refused(empty_house: Path, room: str, imported: str) -> None:
    (empty_house.joinpath(*room.split(".")) / "wrong.py").write_text(f"import {imported}\n")
    outcome = lint_imports(empty_house)
    assert outcome.returncode == 1, outcome.stdout
    assert f"{room}.wrong -> {imported}" in outcome.stdout


def probe_imports(house: Path, empty: Path, *packages: str) -> list[str]:
    """What importing every module of `packages` did besides, in a fresh interpreter in an empty folder."""
    environment = {
        "HOME": str(empty),
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",  # the only file that importing may write
        "PYTHONPATH": str(house),
    }
    command = [sys.executable, str(PROBE), *packages]
    outcome = subprocess.run(
        command, cwd=empty, env=environment, check=False, capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.splitlines() + [f"left {path.name}" for path in empty.iterdir()]


def test_importing_every_module_does_nothing_else(tmp_path: Path) -> None:
    assert probe_imports(ROOT, tmp_path, *ROOMS) == []


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("open('note', 'w').close()", "open note"),
        ("import pathlib; pathlib.Path('box').mkdir()", "os.mkdir box"),
        (
            "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
            "threads 2",
        ),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen true"),
        ("import os; os.environ['LEFT'] = 'here'", "os.putenv LEFT"),
    ],
)
def test_an_effect_at_import_is_found(tmp_path: Path, body: str, seen: str) -> None:
    house, empty = tmp_path / "house", tmp_path / "empty"
    (house / "hasty").mkdir(parents=True)
    empty.mkdir()
    (house / "hasty" / "__init__.py").touch()
    (house / "hasty" / "deep.py").write_text(body + "\n")
    assert any(line.startswith(seen) for line in probe_imports(house, empty, "hasty"))


def test_every_room_ships_its_types() -> None:
    assert [room for room in ROOMS if not (ROOT / room / "py.typed").is_file()] == []


def test_no_file_is_longer_than_one_idea() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in repository_files(".py", ".ts", ".svelte", ".css")
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LINES_MAX}
    assert too_long.keys() == LONG_FILES.keys(), too_long
