"""A backup under load, a machine that is lost, and everything that was acknowledged before, back again."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Self

import httpx

from tests.e2e.people import Person, somebody
from tests.e2e.stack import NO_TLS, Stack, running_stack
from tests.waiting import wait_for


class Load:
    """Somebody who sends messages and files until told to stop, and keeps what was acknowledged."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._ending = threading.Event()
        self.messages: list[str] = []
        self.files: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.is_set():
            self.messages.append(self._person.send("still here")["message_id"])
            data = os.urandom(30_000)
            self.files[self._person.upload_one(data)] = data


def test_what_was_acknowledged_before_a_backup_outlives_the_machine(tmp_path: Path) -> None:
    with running_stack(tmp_path, api_processes=1) as stack, somebody(stack, "ada") as ada:
        target, keys, key = tmp_path / "away", tmp_path / "keys", tmp_path / "server.key"
        shutil.copyfile(stack.data / "server.key", key)
        with Load(ada) as load:
            wait_for(lambda: len(load.files) >= 5, "some files to be acknowledged")
            messages, files = list(load.messages), dict(load.files)
            taken = stack.command("backup", str(target), "--keyring", str(keys))
            assert taken.returncode == 0, taken.stdout + taken.stderr
        newest, last = tmp_path / "newest", int(ada.send("after the backup")["position"])
        newest.write_bytes(wait_for(lambda: checkpoint_of(stack, last), "a checkpoint that is newer than the backup"))
        stack.kill_all()
        shutil.rmtree(stack.data)

        words = ("restore", str(target), "--keyring", str(keys), "--server-key", str(key), "--since", str(newest))
        refused = stack.command(*words)
        assert refused.returncode == 1
        assert "positions are lost" in refused.stderr
        restored = stack.command(*words, "--begin-anew")
        assert restored.returncode == 0, restored.stdout + restored.stderr

        stack.start()
        stack.wait_ready()
        require_all(stack, ada, messages, files)
        assert stack.command("log", "verify").returncode == 0
        stack.require_blobs()
        stack.require_sound()


def checkpoint_of(stack: Stack, position: int) -> bytes:
    """The published one once it covers the position; before that, nothing."""
    found = httpx.get(f"{stack.url}/log/checkpoint", trust_env=False, verify=NO_TLS).content
    return found if int(found.splitlines()[1]) >= position else b""


def require_all(stack: Stack, ada: Person, messages: list[str], files: dict[str, bytes]) -> None:
    ada.http.base_url = httpx.URL(stack.api)
    ada.http.headers["Authorization"] = f"Bearer {ada.login()}"
    shown = {message["message_id"] for page in ada.pages(100) for message in page["messages"]}
    assert set(messages) <= shown
    for file_id, data in files.items():
        assert ada.wait_processed(file_id)["status"] == "ready"
        assert ada.download(file_id) == data
