"""A folder of any version that was given out opens here: all that was kept is there, what was forgotten is not."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from eventstore.verify.data_folder import verify_folder
from service.audit.auditing import policy
from service.house.house import House
from service.machine.layout import Layout
from service.upkeep.keyring_age import require_keyring
from service.upkeep.projecting import check
from service.upkeep.sweep import first_sweep
from tests import builders
from tests.api.asking import ask, problem, project
from tests.e2e.stack import running_stack
from tests.upgrades.making import FOLDERS
from vault.keyring_tables import SCHEMA_VERSION
from vault.migrating import kept_copies

HOUR_US = 3_600_000_000
NAMES = sorted(path.name.removesuffix(".tar.xz") for path in FOLDERS.glob("*.tar.xz"))
Json = dict[str, Any]


def unpack(name: str, folder: Path) -> tuple[Path, Json]:
    """The data folder, and what there is to be found in it."""
    with tarfile.open(FOLDERS / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "data", json.loads((folder / "story.json").read_text())


@pytest.fixture(params=NAMES)
def unpacked(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Json]:
    return unpack(request.param, tmp_path)


@contextmanager
def opened(data: Path, story: Json) -> Iterator[House]:
    """An hour after it was left: neither the session nor the upload under way has run out."""
    settings = builders.settings(data)
    require_keyring(Layout(data), settings)
    with closing(House(settings, lambda: story["made_at_us"] + HOUR_US)) as house:
        yield house


def told(house: House, story: Json, path: str, **asked: Any) -> Any:
    sent = {"Authorization": f"Bearer {story['token']}", "Tus-Resumable": "1.0.0"}
    return ask(house, path, headers=sent, **asked)


def test_all_that_was_kept_is_there(unpacked: tuple[Path, Json]) -> None:
    data, story = unpacked
    with opened(data, story) as house:
        first_sweep(house)
        project(house)
        found = told(house, story, "/user/data").json
        texts = {message["message_id"]: message["content"] for message in found["messages"]}
        assert texts == story["messages"]
        assert {chat["chat_id"]: chat["title"] for chat in found["chats"]}[story["chat"]["chat_id"]] == (
            story["chat"]["title"]
        )
        assert {file["file_id"]: file["name"] for file in found["files"]} == {
            file_id: file["name"] for file_id, file in story["files"].items()
        }
        for file_id, file in story["files"].items():
            content = told(house, story, f"/files/{file_id}/content").content
            assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_password_recovery_code_and_upload_go_on(unpacked: tuple[Path, Json]) -> None:
    data, story = unpacked
    with opened(data, story) as house:
        upload = told(house, story, story["upload"], method="HEAD")
        assert upload.headers["Upload-Offset"] == "5"

        def post(path: str, fields: Json) -> Any:
            sent = {"Content-Type": "application/json"}
            return ask(house, path, method="POST", headers=sent, body=json.dumps(fields).encode())

        login = {"username": story["username"], "password": story["password"]}
        assert post("/auth/login", login).status_code == 200
        again = {"username": story["username"], "recovery_code": story["recovery_code"]}
        recovered = post("/auth/recover", {**again, "new_password": "a wholly other staple of horses"})
        assert recovered.status_code == 200, recovered.text
        once_more = post("/auth/recover", {**again, "new_password": "and one more staple of horses"})
        problem(once_more, 401, "bad_credentials")


def test_what_was_forgotten_stays_forgotten(unpacked: tuple[Path, Json]) -> None:
    data, story = unpacked
    with opened(data, story) as house:
        project(house)
        for position in range(1, house.log.head() + 1):
            then = told(house, story, f"/user/data?as_of={position}")
            assert then.status_code == 200
            assert "a secret of a deleted chat" not in then.text
        if story["erased"]:
            login = json.dumps({"username": story["erased"], "password": story["password"]}).encode()
            sent = {"Content-Type": "application/json"}
            problem(ask(house, "/auth/login", method="POST", headers=sent, body=login), 401, "bad_credentials")


def test_the_history_verifies_and_its_tables_are_what_a_rebuild_makes(unpacked: tuple[Path, Json]) -> None:
    data, story = unpacked
    with opened(data, story) as house:
        project(house)
        assert check(house) == []
    if (data / "log" / "key").exists():  # Else it is from before checkpoints were signed: the next start signs them.
        assert verify_folder(data, policy(None, None, (), None), lambda _done, _all: None).findings == ()


def test_a_keyring_that_was_lifted_is_kept_as_it_was(unpacked: tuple[Path, Json]) -> None:
    data, story = unpacked
    before = _version(data / "keyring.db")
    with opened(data, story):
        pass
    assert _version(data / "keyring.db") == SCHEMA_VERSION
    kept = [copy for copy in kept_copies(data) if copy.name.startswith("keyring.db")]
    assert [_version(copy) for copy in kept] == ([before] if before < SCHEMA_VERSION else [])


def test_the_oldest_starts_as_its_operator_would_start_it(tmp_path: Path) -> None:
    _, story = unpack(NAMES[0], tmp_path)
    with running_stack(tmp_path) as stack:
        login = {"username": story["username"], "password": story["password"]}
        token = httpx.post(f"{stack.api}/auth/login", json=login, timeout=30).json()["token"]
        head = {"Authorization": f"Bearer {token}"}
        found = httpx.get(f"{stack.api}/user/data", headers=head, timeout=30).json()
        assert {each["message_id"]: each["content"] for each in found["messages"]} == story["messages"]
        sent = httpx.post(f"{stack.api}/messages", headers=head, json={"content": "and it goes on"}, timeout=30)
        assert sent.status_code == 201
        stack.require_sound()
    checked = stack.command("log", "verify")  # Once it is stopped, all of it is signed.
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _version(path: Path) -> int:
    with closing(apsw.Connection(str(path))) as connection:
        version = connection.pragma("user_version")
        assert isinstance(version, int)
        return version
