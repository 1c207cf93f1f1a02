"""Where the embedded queue listens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.machine.config import Settings
from service.machine.layout import Layout
from service.machine.valkey import SOCKET_PATH_MAX_BYTES, prepare_socket_folder, queue_url, socket_path, valkey_binary


def test_the_socket_lies_in_the_data_folder() -> None:
    layout = Layout(Path("/srv/strongroom"))
    assert socket_path(layout) == layout.run / "valkey.sock"


def test_a_folder_too_deep_for_a_socket_gets_a_private_one_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    deep = Layout(Path("/srv") / ("deep" * 30))
    path = socket_path(deep)
    assert path == socket_path(deep) != socket_path(Layout(Path("/srv") / ("deeper" * 30)))
    assert len(os.fsencode(path.name)) < SOCKET_PATH_MAX_BYTES
    prepare_socket_folder(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(PermissionError):
        prepare_socket_folder(tmp_path / "valkey.sock")


def test_a_queue_of_ones_own_is_used_as_it_is_named() -> None:
    settings = Settings(redis_url="redis://queue.example:6379/2")
    assert queue_url(settings, Layout(Path("/srv"))) == "redis://queue.example:6379/2"


def test_the_program_is_there() -> None:
    assert os.access(valkey_binary(), os.X_OK)
