"""What a newcomer installs: hashed locks without addresses, and a Makefile that says what it lacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.house.test_structure import ROOT, repository_files

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)==\S+", re.MULTILINE)
# Put together here, so that this file does not hold what it forbids.
REGISTRY_HOSTS = tuple(f"{name}.org" for name in ("pypi", "pythonhosted", "npmjs", "yarnpkg"))


def pinned(lock: str) -> set[str]:
    return set(PIN.findall((ROOT / lock).read_text()))


def package_name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_carries_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text())
    bare = [block.splitlines()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block]
    assert pinned(lock)
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_packages_come_from(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    options = [line for line in lines if line.lstrip().startswith("-") and "--hash=" not in line]
    assert options + [line for line in lines if "://" in line] == []


def test_what_running_needs_is_locked_with_the_build_backend() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["build-system"]["requires"]
    assert {package_name(requirement) for requirement in wanted} <= pinned("requirements.txt")


def test_what_development_needs_is_locked_beside_it() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted = [requirement for name in ("test", "check", "bench", "docs") for requirement in groups[name]]
    assert {package_name(requirement) for requirement in wanted} | pinned("requirements.txt") <= pinned(
        "requirements-dev.txt"
    )


def test_the_page_is_locked_with_hashes_and_no_addresses() -> None:
    packages = json.loads((ROOT / "frontend/package-lock.json").read_text())["packages"]
    # What lies inside another package comes, and is hashed, with that.
    installed = {path: entry for path, entry in packages.items() if path and not entry.get("inBundle")}
    assert installed
    assert [path for path, entry in installed.items() if "integrity" not in entry or "resolved" in entry] == []


def test_no_file_names_a_registry() -> None:
    named = [
        str(path.relative_to(ROOT))
        for path in repository_files()
        if any(host.encode() in path.read_bytes() for host in REGISTRY_HOSTS)
    ]
    assert named == []


def test_a_python_that_is_too_old_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    command = [
        "make",
        "--no-print-directory",
        "PYTHON=false",
        "run",
    ]  # `false` fails every question it is asked
    environment = {"PATH": os.environ["PATH"]}  # without what a make around this test would hand down
    outcome = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=30
    )
    assert outcome.returncode == 2
    said = [line for line in outcome.stderr.splitlines() if not line.startswith(("make: ", "find: "))]
    assert said == ["Strongroom needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run"]
