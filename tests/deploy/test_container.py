"""The container files: what they copy is there, what they set is a setting, and nothing in them is less shut in."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from service.machine.config import load_settings
from tests.deploy.proxies import DEPLOY
from tests.house.test_structure import ROOMS, ROOT

FOLDER: Final = DEPLOY / "container"
CONTAINERFILE: Final = (FOLDER / "Containerfile").read_text()
COPY: Final = re.compile(r"^COPY (?!--from)(.+) \S+$", re.MULTILINE)
SETTING: Final = re.compile(r"(STRONGROOM_\w+)=(\S+)")


def copied() -> list[str]:
    return [name for line in COPY.findall(CONTAINERFILE) for name in line.split()]


def test_everything_that_is_copied_is_there_and_let_through_to_the_builder() -> None:
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    lines = (FOLDER / "Containerfile.dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert set(copied()) == allowed
    assert set(ROOMS) <= allowed


def test_what_the_wheel_is_built_from_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = {project["project"]["readme"], *project["project"]["license-files"]}
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert named | packages | {"Makefile", "frontend", "requirements.txt", "requirements-node.txt"} <= set(copied())


def test_its_variables_are_settings() -> None:
    settings = load_settings(dict(SETTING.findall(CONTAINERFILE)))
    assert (settings.data, settings.host, settings.port) == ("/data/strongroom", "0.0.0.0", 8000)


def test_it_runs_as_nobody_in_particular_and_asks_whether_it_is_ready() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert "\nUSER 10001:10001\n" in last
    assert last.index("\nUSER") < last.index("\nENTRYPOINT")
    words = json.loads(re.findall(r"HEALTHCHECK .*\\\n    CMD (\[.+\])", last)[0])
    assert words[:2] == ["python", "-c"]
    assert health_at(1, words[2]) == 1
    for status in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE):
        with answering(status) as port:
            assert health_at(port, words[2]) == (status is not HTTPStatus.OK)


def health_at(port: int, program: str) -> int:
    """How it ends, asked of another port, in an environment with a proxy that is not there."""
    elsewhere = program.replace("8000", str(port))
    assert elsewhere != program
    asked = [sys.executable, "-c", elsewhere]
    proxy = os.environ | {"http_proxy": "http://127.0.0.1:1"}
    return subprocess.run(asked, env=proxy, capture_output=True, timeout=30, check=False).returncode


@contextmanager
def answering(status: HTTPStatus) -> Iterator[int]:
    """The port of one who answers one request, with nothing but this."""

    class Once(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Once) as server:
        server.timeout = 20
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        try:
            yield server.server_port
        finally:
            thread.join()


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    return found


def test_every_service_is_shut_in_and_never_swapped(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {"strongroom", "caddy", "valkey", "backup"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"] == service["memswap_limit"], name
        assert service["ulimits"]["core"] == 0, name
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys(), name
    assert "ports" not in services["strongroom"]


def test_the_parts_of_the_composition_fit_together(services: dict[str, dict[str, Any]]) -> None:
    room, caddy = services["strongroom"], services["caddy"]
    given = {name: re.sub(r"\$\{.*\}", "vault.example.org", value) for name, value in room["environment"].items()}
    settings = load_settings(given)
    trusted = {each.removeprefix("::ffff:") for each in settings.trusted_proxies.split(",")}
    assert trusted == {caddy["networks"]["front"]["ipv4_address"]}
    assert settings.server_key_file == "/run/secrets/server_key"
    assert settings.server_key is None
    mounted = [Path(volume.split(":")[0]) for volume in caddy["volumes"] if volume.startswith("..")]
    assert [path for path in mounted if not (FOLDER / path).is_file()] == []
    variables = set(re.findall(r"\{\$(\w+):", (DEPLOY / "caddy" / "Caddyfile").read_text()))
    assert variables == caddy["environment"].keys()
    assert (FOLDER / room["build"]["context"]).resolve() == ROOT
    assert any(fnmatch.fnmatch("server.key", line) for line in (ROOT / ".gitignore").read_text().splitlines())


def test_a_backup_is_taken_apart_from_what_people_reach(services: dict[str, dict[str, Any]]) -> None:
    backup = services["backup"]
    assert (backup["profiles"], backup["network_mode"]) == (["backup"], "none")
    _, *words = backup["command"]
    mounted = {volume["target"]: volume for volume in backup["volumes"] if isinstance(volume, dict)}
    assert {word for word in words if word.startswith("/")} == mounted.keys()
    # Docker would make a folder of root's where a disk is not mounted.
    assert all(volume["bind"] == {"create_host_path": False} for volume in mounted.values())
    room = services["strongroom"]
    assert (backup["image"], backup["secrets"]) == (room["image"], room["secrets"])
    assert room["volumes"] == [volume for volume in backup["volumes"] if isinstance(volume, str)]


def test_nobody_is_counted_by_the_gateway_s_address(services: dict[str, dict[str, Any]]) -> None:
    assert all(port.startswith("0.0.0.0:") for port in services["caddy"]["ports"])


def test_nobody_is_kept_out_while_something_is_missing_that_it_serves_without(
    services: dict[str, dict[str, Any]],
) -> None:
    """Its health is /readyz: 503 while a queue elsewhere is away, or a projection stands still."""
    assert services["caddy"]["depends_on"] == {"strongroom": {"condition": "service_started"}}


def test_the_queue_apart_is_open_to_strongroom_and_to_nobody_else(
    services: dict[str, dict[str, Any]],
) -> None:
    valkey = services["valkey"]
    assert valkey["command"][1:3] == ["--protected-mode", "no"]
    assert (valkey["networks"], "ports" in valkey) == (["queue"], False)
    assert [name for name, service in services.items() if "queue" in service.get("networks", ())] == [
        "strongroom",
        "valkey",
    ]
    networks = yaml.safe_load((FOLDER / "compose.yaml").read_text())["networks"]
    assert networks["queue"]["internal"] is True
