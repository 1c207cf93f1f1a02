"""The systemd units: systemd reads them, they start what there is, and none of them is less shut in than the others."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from service.commands.cli import app
from service.commands.supervisor import READY_S
from service.house.pulse import QUEUES
from service.machine.config import load_settings
from service.machine.valkey import valkey_binary
from tests.deploy.proxies import DEPLOY
from tests.deploy.verifying import faults
from tests.e2e.stack import STRONGROOM

UNITS: Final = DEPLOY / "systemd"
SERVICES: Final = sorted(UNITS.glob("*.service"))
HARDENING: Final = UNITS / "strongroom-.service.d" / "10-hardening.conf"
# By the link's name, so that what is started anew after a reload is of the version that the link leads to then.
PYTHON: Final = "/opt/strongroom/bin/python"
PROGRAM: Final = f"{PYTHON} /opt/strongroom/bin/strongroom "
STAYING: Final = [path for path in SERVICES if "Type=oneshot" not in path.read_text()]
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
        service.write_text(service.read_text().replace(PROGRAM, f"{STRONGROOM} "))
    units = [path for path in tmp_path.iterdir() if path.suffix in (".service", ".timer", ".target")]
    assert faults(units, tmp_path) == ([], 0)


@pytest.mark.parametrize("service", SERVICES, ids=short)
def test_what_a_unit_starts_is_a_command_with_these_options(service: Path) -> None:
    (line,) = section(service)["ExecStart"]
    assert line.startswith(PROGRAM)
    name, *words = line.removeprefix(PROGRAM).split()
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
    (wanted,) = section(UNITS / "strongroom.target")["Wants"]
    assert set(wanted.split()) == {path.name for path in STAYING}
    for path in STAYING:
        assert section(path)["PartOf"] == ["strongroom.target"]


@pytest.mark.parametrize("service", STAYING, ids=short)
def test_what_stays_says_when_it_works_and_is_tried_for_as_long_as_it_takes(service: Path) -> None:
    found = section(service)
    # `systemctl start` waits until it works, and a reload, a SIGHUP, never meets a program that has only begun.
    assert found["Type"] == ["notify"]
    # Else systemd leaves it dead after five failures in ten seconds, and takes a stray signal for somebody's wish.
    assert (found["Restart"], found["StartLimitIntervalSec"]) == (["always"], ["0"])
    assert found["RestartPreventExitStatus"] == ["2"], "a setting that is wrong does not pass by itself"
    if short(service) != "valkey":
        assert int(found["TimeoutStartSec"][0].removesuffix("min")) * 60 > READY_S


def test_an_operator_s_command_has_what_the_units_have() -> None:
    """Its unit's name begins as theirs, so it is shut in as they are; and it is of their user even without that."""
    text = (UNITS / "strongroom-admin").read_text()
    found = section(UNITS / "strongroom-doctor.service")
    (common,) = HARDENING.parent.parent.glob("strongroom-.service.d")
    assert re.search(rf"^unit={common.name.removesuffix('.service.d')}admin-\$\$\.service$", text, re.MULTILINE)
    assert f"--uid={section(HARDENING)['User'][0]} --gid={section(HARDENING)['Group'][0]} " in text
    assert f"\n        {PROGRAM}" in text
    for name in ("RestrictAddressFamilies", "RestrictNamespaces"):
        assert f'--property={name}="{found[name][0]}"' in text
    assert "--property=MemoryDenyWriteExecute=yes" in text
    written = text.replace('"$etc/', '"/etc/strongroom/').replace("$etc/", "/etc/strongroom/").replace('"', "")
    assert f"--property=EnvironmentFile={found['EnvironmentFile'][0]}" in written
    assert f"--property=LoadCredential={found['LoadCredential'][0]}" in written


def test_a_backup_takes_its_turn_at_the_disk_since_appends_wait_for_what_it_holds() -> None:
    found = section(UNITS / "strongroom-backup.service")
    assert (found["IOSchedulingClass"], found["IOSchedulingPriority"]) == (["best-effort"], ["7"])
    (writes,) = found["ReadWritePaths"]
    folders = re.findall(r"/var/\S+", found["ExecStart"][0])
    assert sorted(found["RequiresMountsFor"][0].split()) == sorted(folders)
    assert all(folder.startswith(f"{writes}/") for folder in folders)


def test_one_medium_that_takes_all_memory_ends_nothing_but_its_own_process() -> None:
    assert section(UNITS / "strongroom-worker.service")["OOMPolicy"] == ["continue"]


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
