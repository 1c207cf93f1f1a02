"""The guide's own lines, run in a folder that stands for a machine: systemd reads what is installed, twice is as once.

What only a machine that was booted can do (starting, packages, certificates) is written down instead of done.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.deploy.proxies import DEPLOY
from tests.deploy.verifying import faults
from tests.house.test_structure import ROOT

BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Paths of the machine; not the end of an address, nor of a path that begins elsewhere.
ABSOLUTE: Final = re.compile(r"(?<![\w.:/}-])/(?=(?:etc|opt|usr/local|var)/)")
SYSTEM: Final = Path("usr/local/lib/systemd/system")
OWN: Final = Path("etc/systemd/system")
SHIMS: Final = {
    # What needs a machine that runs is written down; what systemd does to files, it does.
    "systemctl": """
        case $1 in
            enable | mask) verb=$1; shift
                for name do
                    case $name in --now) echo "systemctl start" >> "$SAID" ;;
                        *) "$REAL_SYSTEMCTL" --quiet --root="$MACHINE" "$verb" "$name" 2> /dev/null || exit 1 ;; esac
                done ;;
            *) echo "systemctl $*" >> "$SAID" ;;
        esac""",
    "systemd-sysusers": '"$REAL_SYSUSERS" --root="$MACHINE"',
    # No user of the machine is one of ours.
    "install": """
        for word do
            shift
            case ${skip-}$word in -o | -g) skip=x ;; x*) skip= ;; *) set -- "$@" "$word" ;; esac
        done
        exec "$REAL_INSTALL" "$@" """,
    "python3": """
        mkdir -p "$3/bin"
        printf '#!/bin/sh\\ncp "$0" "${0%%/*}/strongroom"\\n' | tee "$3/bin/python" > "$3/bin/pip"
        chmod 755 "$3/bin/python" "$3/bin/pip" """,
    "strongroom-admin": "echo token",
    **dict.fromkeys(("apt-get", "curl", "promtool", "strongroom-reload"), 'echo "${0##*/} $*" >> "$SAID"'),
}
pytestmark = pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None and os.environ.get("CI", "").lower() != "true",
    reason="NOT TESTED: systemd-sysusers is not installed",
)


def blocks(*, until: str = "## With containers") -> list[str]:
    return BLOCK.findall((DEPLOY / "README.md").read_text().partition(f"\n{until}\n")[0])


class Machine:
    """A folder with what Debian has in the places that the guide writes to."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "machine"
        self.said = folder / "said"
        self._stand = folder / "deploy"  # Where an operator stands: a copy of the folder, with the wheels in it.
        self._shims = folder / "shims"
        shutil.copytree(DEPLOY, self._stand)
        for version in ("0.1.0", "0.2.0"):
            (self._stand / f"strongroom-{version}-py3-none-any.whl").touch()
        for name in ("etc/caddy", "etc/prometheus", "etc/systemd/system", "opt", "usr/local", "var/backups"):
            (self.root / name).mkdir(parents=True)
        self.at("etc/prometheus/prometheus.yml").write_text("rule_files:\n\nscrape_configs:\n  - job_name: node\n")
        self._shims.mkdir()
        for name, lines in SHIMS.items():
            shim = self._shims / name
            shim.write_text(f"#!/bin/sh\nset -eu\n{lines}\n")
            shim.chmod(0o755)

    def at(self, path: str | Path) -> Path:
        return self.root / path

    def does(self, script: str) -> None:
        """As it stands, but for where the machine is."""
        found = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", ABSOLUTE.sub(f"{self.root}/", script)],
            cwd=self._stand,
            env={
                "PATH": f"{self._shims}:{os.environ['PATH']}",
                "MACHINE": str(self.root),
                "SAID": str(self.said),
                **{f"REAL_{each.rpartition('-')[2].rpartition('systemd-')[2].upper()}": shutil.which(each) or "missing"
                   for each in ("systemctl", "systemd-sysusers", "install")},
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )  # fmt: skip
        assert found.returncode == 0, (script, found.stderr)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def through(machine: Machine, steps: Sequence[str]) -> None:
    for step in steps:
        machine.does(step)


def test_each_step_of_the_guide_can_be_done_and_done_again(machine: Machine) -> None:
    steps = blocks()[:5]
    through(machine, steps)
    key, settings = machine.at("etc/strongroom/server.key"), machine.at("etc/strongroom/strongroom.env")
    assert (len(key.read_bytes()), key.stat().st_mode & 0o777) == (32, 0o600)
    assert settings.stat().st_mode & 0o777 == 0o600, "some settings are secrets"
    assert "STRONGROOM_PUBLIC_ORIGIN=https://YOUR.NAME\n" in settings.read_text()
    assert "\n{$STRONGROOM_SITE:YOUR.NAME} {" in machine.at("etc/caddy/Caddyfile").read_text()
    assert machine.at("etc/systemd/system/caddy.service.d/10-strongroom.conf").is_file()
    assert "strongroom:x:" in machine.at("etc/passwd").read_text()

    settings.write_text(settings.read_text() + "STRONGROOM_SESSION_DAYS=7\n")
    before = key.read_bytes(), settings.read_text(), machine.at("etc/prometheus/prometheus.yml").read_text()
    through(machine, steps)
    after = key.read_bytes(), settings.read_text(), machine.at("etc/prometheus/prometheus.yml").read_text()
    assert after == before, "nothing opens without the key that was there; what was set stays set"
    assert before[2].count("job_name: strongroom") == before[2].count("- strongroom.yml") == 1
    assert sorted(path.name for path in machine.at(SYSTEM).glob("*.d")) == ["strongroom-.service.d"]


def test_systemd_reads_what_the_guide_installs_and_what_starts_is_enabled(machine: Machine) -> None:
    through(machine, blocks()[:2])
    installed = machine.at(SYSTEM)
    wanted = machine.at(OWN / "strongroom.target.wants")
    assert {link.name for link in wanted.iterdir()} == {
        f"strongroom-{name}.service" for name in ("valkey", "api", "projections", "worker")
    }
    assert all(str(link.readlink()) == f"/{SYSTEM}/{link.name}" for link in wanted.iterdir())
    assert machine.at(OWN / "multi-user.target.wants" / "strongroom.target").is_symlink()
    for service in installed.glob("*.service"):  # It looks whether the program is there: on this machine.
        service.write_text(service.read_text().replace("/opt/", f"{machine.root}/opt/"))
    assert faults(installed.glob("*.*[!d]"), installed) == ([], 0)


def test_the_queue_that_is_not_wanted_can_be_masked(machine: Machine) -> None:
    """systemd does not put a mask where a unit of that name is a file: so no unit of ours lies in /etc."""
    (line,) = re.findall(r"`(systemctl mask --now [\w-]+)`", (DEPLOY / "README.md").read_text())
    through(machine, blocks()[:2])
    machine.does(line)
    assert machine.at(OWN / "strongroom-valkey.service").readlink() == Path("/dev/null")


def test_a_new_version_lies_beside_the_old_one_and_the_link_leads_to_it(machine: Machine) -> None:
    install, following = blocks()[0], next(block for block in blocks() if block.endswith("\nstrongroom-reload\n"))
    machine.does(install)
    program = machine.at("opt/strongroom-0.1.0/bin/strongroom")
    old = program.stat().st_mtime_ns
    machine.does(following)
    assert machine.at("opt/strongroom").readlink() == Path("strongroom-0.2.0")
    assert program.stat().st_mtime_ns == old, "what still runs imports from there"
    assert machine.at("opt/strongroom/bin/strongroom").is_file()
    assert not machine.at("opt/strongroom.next").is_symlink()
    assert machine.said.read_text().splitlines()[-1].split() == ["strongroom-reload"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert install.count(f"version={version} ") == 1, "the guide names the version that it comes with"


RELOADING: Final = {
    # A unit tells how it stood before, then that it begins, and then how it ended.
    "systemctl": """
        echo "$*" >> "$SAID"
        case $* in
            "show -P StatusText "*)
                case $(grep -cx -- "$*" "$SAID") in
                    1) echo "$BEFORE" ;; 2) echo "$BEFORE" ;; 3) echo "$MEANWHILE" ;; *) echo "$AFTER" ;; esac ;;
            "--quiet is-active "*)
                tries=$(grep -cx -- "$*" "$SAID")
                [ "$ALIVE" = yes ] && [ "$tries" -lt 10 ] ;;
        esac""",
    "journalctl": ":",  # A level of `warning`: nothing there tells of it.
    "sleep": ":",
}
READY: Final = "listening http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("before", "meanwhile", "after", "alive", "ends"),
    [
        (READY, "replacing 1", "replaced 1", "yes", 0),
        ("replaced 9", "replacing 10", "replaced 10", "yes", 0),
        ("not replaced 1: the new ones did not start", "replacing 2", "replaced 2", "yes", 0),
        ("replacing 1", "replaced 1", "replaced 2", "yes", 0),
        ("replacing 1", "replaced 1", "not replaced 2: the new ones did not start", "yes", 1),
        (READY, "replacing 1", "not replaced 1: the new ones did not start, whoever was replaced 7", "yes", 1),
        ("replaced 1", "replaced 1", "replaced 1", "yes", 1),
        (READY, "replacing 1", "replacing 1", "no", 1),
        ("replaced 1", READY, READY, "yes", 1),
    ],
)
def test_the_api_is_replaced_once_the_workers_are_and_not_otherwise(
    tmp_path: Path, before: str, meanwhile: str, after: str, alive: str, ends: int
) -> None:
    found, said = reload(tmp_path, {"BEFORE": before, "MEANWHILE": meanwhile, "AFTER": after, "ALIVE": alive})
    assert found.returncode == ends, found.stderr
    assert [line for line in said if line.startswith("reload ")] == [
        "reload strongroom-worker strongroom-projections",
        *(["reload strongroom-api"] if ends == 0 else []),
    ]
    if ends == 0:
        workers = [f"show -P StatusText strongroom-{name}" for name in ("worker", "projections")]
        assert said.index("reload strongroom-api") > max(at for at, line in enumerate(said) if line in workers)
    else:
        assert "strongroom-worker" in found.stderr


def test_who_does_not_tell_how_it_stands_is_not_reloaded_at_all(tmp_path: Path) -> None:
    found, said = reload(tmp_path, {"BEFORE": "", "MEANWHILE": "", "AFTER": "", "ALIVE": "no"})
    assert (found.returncode, said) == (1, ["show -P StatusText strongroom-worker"])
    assert "systemctl restart strongroom.target" in found.stderr


def reload(tmp_path: Path, told: Mapping[str, str]) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """How strongroom-reload ends, and what it says to systemctl."""
    for name, lines in RELOADING.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{lines}\n")
        (tmp_path / name).chmod(0o755)
    said = tmp_path / "said"
    found = subprocess.run(
        ["sh", str(DEPLOY / "systemd" / "strongroom-reload")],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "SAID": str(said), **told},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return found, said.read_text().splitlines()


ROTATING: Final = {
    "systemd-run": """
        echo "$*" >> "$SAID"
        for word do case $word in *LoadCredential=server.key.new:*) cp "${word##*:}" "$HANDED" ;; esac; done
        exit "$ENDS" """,
    "sync": ":",
}


def test_the_server_key_is_replaced_once_everything_is_under_the_new_one(tmp_path: Path) -> None:
    for name, lines in ROTATING.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{lines}\n")
        (tmp_path / name).chmod(0o755)
    (key := tmp_path / "server.key").write_bytes(old := os.urandom(32))
    script = (DEPLOY / "systemd" / "strongroom-admin").read_text().replace("etc=/etc/strongroom", f"etc={tmp_path}")

    def rotate(ends: int) -> int:
        return subprocess.run(
            ["sh", "-c", script, "strongroom-admin", "rotate-server-key"],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "SAID": str(tmp_path / "said"), "ENDS": str(ends),
                 "HANDED": str(tmp_path / "handed")},
            capture_output=True, timeout=30, check=False,
        ).returncode  # fmt: skip

    assert rotate(1) == 1
    assert key.read_bytes() == old
    drawn = (tmp_path / "handed").read_bytes()
    assert (len(drawn), (tmp_path / "server.key.new").stat().st_mode & 0o777) == (32, 0o600)
    assert rotate(0) == 0
    assert key.read_bytes() == drawn != old, "the one that may have everything under it already, and no third one"
    assert not (tmp_path / "server.key.new").exists()
    said = (tmp_path / "said").read_text()
    assert said.count(" rotate-server-key --new-key /run/credentials/strongroom-admin-") == 2
