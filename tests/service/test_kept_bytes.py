"""What counts towards a quota, while an upload becomes a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.house.house import House
from service.uploads.pending import kept_bytes
from tests import builders

SIZE_BYTES = 20_000


def test_what_becomes_a_file_at_this_moment_counts_as_the_upload_that_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(builders.settings(tmp_path / "data"))
    ada = builders.person(house)
    used_bytes, filed = house.keyring.used_bytes, list[tuple[str, int]]()

    def and_then_it_is_filed(user: str, *of_whom: list[str], **but: list[str]) -> int:
        found = used_bytes(user, *of_whom, **but)
        filed.append((builders.spooled_file(house, ada, bytes(SIZE_BYTES))[0], SIZE_BYTES))
        return found

    monkeypatch.setattr(house.keyring, "used_bytes", and_then_it_is_filed)
    monkeypatch.setattr(house.pending, "full", lambda _user: list(filed))
    # Its upload counts it still. Taken off a sum that did not have it yet, it would make room for another.
    assert kept_bytes(house, ada.user) == 0
    assert kept_bytes(house, ada.user) == 0
    house.close()
