"""What an upload took is given back when it ends, not when the collector comes: a MiB of plaintext and its key."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.house.house import House
from service.uploads.incoming import Incoming
from tests import builders
from tests.api.asking import ask
from tests.memory import no_collector
from vault.spool import SpoolWriter

__all__ = ["no_collector"]  # Fixtures.

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\n" + b"words " * 1_000 + b"\r\n--b--\r\n"
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(builders.settings(tmp_path / "data"))
    yield house
    house.close()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(("body", "status"), [(FORM, 202), (FORM[:-20], 400)], ids=["whole", "cut off"])
def test_nothing_of_an_upload_waits_for_the_collector(house: House, body: bytes, status: int) -> None:
    ada = builders.person(house)
    sent = {"Content-Type": "multipart/form-data; boundary=b"}
    assert ask(house, "/upload/files", ada, method="POST", headers=sent, body=body).status_code == status
    left = [each for each in gc.get_objects() if isinstance(each, SpoolWriter | Incoming)]
    assert left == []
