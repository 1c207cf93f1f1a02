"""The systemd units: systemd reads them, they start what there is, and none of them is less shut in than the others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from service.commands.cli import app
from service.house.pulse import QUEUES
from service.machine.config import load_settings
from service.machine.valkey import valkey_binary
from tests.deploy.proxies import DEPLOY
from tests.e2e.stack import STRONGROOM

UNITS: Final = DEPLOY / "systemd"
SERVICES: Final = sorted(UNITS.glob("*.service"))
HARDENING: Final = UNITS / "strongroom-.service.d" / "10-hardening.conf"
PROGRAM: Final = "/opt/strongroom/bin/strongroom"
KEYED: Final = {"api", "projections", "worker", "backup", "doctor"}
Section = Mapping[str, list[str]]


def section(path: Path) -> Section:
    """Every assignment of a unit, in order; names are unique over the sections that we use."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if match := re.match(r"^(\w+)=(.*)$", line):
            found.setdefault(match[1], []).append(match[2])
    return found


def short(path: Path) -> str:
    return path.stem.removeprefix("strongroom-")


def test_systemd_finds_no_fault_in_any_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        assert os.environ.get("CI", "").lower() != "true", "CI must have systemd-analyze"
        pytest.skip("NOT TESTED: systemd-analyze is not installed")
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for service in tmp_path.glob("*.service"):  # It looks whether the program is there.
        service.write_text(service.read_text().replace(PROGRAM, str(STRONGROOM)))
    units = [str(path) for path in sorted(tmp_path.iterdir()) if path.suffix in (".service", ".timer", ".target")]
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # Of ours alone: this machine's own units are none of our business.
    ours = [line for line in found.stderr.splitlines() if "strongroom" in line]
    assert (ours, found.returncode) == ([], 0)


@pytest.mark.parametrize("service", SERVICES, ids=short)
def test_what_a_unit_starts_is_a_command_with_these_options(service: Path) -> None:
    (line,) = section(service)["ExecStart"]
    program, name, *words = line.split()
    assert program == PROGRAM
    command = get_command(app).commands[name]  # type: ignore[attr-defined]  # A group; typed as any command.
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_two_workers_share_all_queues_between_them() -> None:
    queues = []
    for name in ("projections", "worker"):
        (line,) = section(UNITS / f"strongroom-{name}.service")["ExecStart"]
        queues += line.rpartition(" ")[2].split(",")
    assert sorted(queues) == sorted(QUEUES)


def test_the_target_wants_each_service_that_stays() -> None:
    staying = {path.name for path in SERVICES if "Type" not in section(path)}  # The others are `oneshot`.
    (wanted,) = section(UNITS / "strongroom.target")["Wants"]
    assert set(wanted.split()) == staying
    for name in staying:
        assert section(UNITS / name)["PartOf"] == ["strongroom.target"]


@pytest.mark.parametrize("service", SERVICES, ids=short)
def test_only_who_needs_the_server_key_is_handed_it_and_never_through_the_environment(service: Path) -> None:
    found = section(service)
    credentials = found.get("LoadCredential", [])
    assert credentials == (["server.key:/etc/strongroom/server.key"] if short(service) in KEYED else [])
    assert found.get("Environment", []) == (
        ["STRONGROOM_SERVER_KEY_FILE=%d/server.key"] if short(service) in KEYED else []
    )
    assert "STRONGROOM_SERVER_KEY" not in (UNITS / "strongroom.env").read_text()


@pytest.mark.parametrize("service", SERVICES, ids=short)
def test_no_unit_takes_back_what_all_are_denied(service: Path) -> None:
    own, common = section(service), section(HARDENING)
    assert own.keys() & common.keys() == set(), "what is read later wins: one of the two would not hold"
    assert own["MemoryDenyWriteExecute"] == ["yes"]
    assert own["RestrictNamespaces"][0] in {"yes", "user net ipc"}
    assert set(own["RestrictAddressFamilies"][0].split()) <= {"AF_UNIX", "AF_INET", "AF_INET6"}


def test_the_settings_that_are_shipped_are_settings() -> None:
    lines = (UNITS / "strongroom.env").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = load_settings(pairs)
    (state,) = section(HARDENING)["StateDirectory"]
    assert settings.data == f"/var/lib/{state}/data"
    assert len(f"{settings.data}/run/valkey.sock") < 107
    assert valkey_binary().is_file()
