"""A large upload whose server and whose connection are cut at random, again and again, arrives with the right hash.

The ordinary run sends 30 MB and cuts ten times. For the long one:

    TUS_SOAK_MB=2000 TUS_SOAK_CUTS=20 make test ARGS=tests/tus/test_soak.py
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.people import somebody
from tests.e2e.stack import running_stack
from tests.e2e.wire import wire
from tests.tus.sender import Sender, metadata
from tests.tus.test_faults import patch_head, patient_offset
from tests.waiting import wait_for

SIZE_BYTES = int(os.environ.get("TUS_SOAK_MB", "30")) * 1_000_000
CUTS = int(os.environ.get("TUS_SOAK_CUTS", "10"))
SEED = int(os.environ.get("SOAK_SEED", "7"))
BLOCK_BYTES = 1_000_000
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 + SIZE_BYTES // 2_000_000)]


def content(start: int, end: int) -> Iterator[bytes]:
    """Bytes of a file that is never whole in memory: each million of them is made of its number."""
    while start < end:
        number, within = divmod(start, BLOCK_BYTES)
        block = hashlib.shake_128(number.to_bytes(4, "big")).digest(BLOCK_BYTES)
        piece = block[within : min(BLOCK_BYTES, within + end - start)]
        yield piece
        start += len(piece)


def digest_of(pieces: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def test_a_large_upload_cut_again_and_again_arrives_whole(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    cuts = sorted(chance.sample(range(1, SIZE_BYTES), CUTS))
    with running_stack(tmp_path, api_processes=2) as mortal, somebody(mortal) as person:
        ada = Sender(person)
        upload_id = ada.new(SIZE_BYTES, words=metadata(filename="large.bin"))
        offset = 0
        for number, cut in enumerate(cuts):
            with wire(mortal) as connection:
                connection.send(patch_head(ada, upload_id, offset, content_length=SIZE_BYTES - offset))
                for piece in content(offset, max(offset, cut)):
                    if not connection.send(piece):
                        break
                if number % 2 == 0:
                    mortal.kill("api")
            if number % 5 == 4:
                mortal.kill_all()
                mortal.start()
                person.http.base_url = httpx.URL(mortal.api)
            found = patient_offset(ada, upload_id)
            assert offset <= found <= max(offset, cut)
            offset = found
        while (offset := patient_offset(ada, upload_id)) < SIZE_BYTES:
            with wire(mortal) as connection:
                connection.send(patch_head(ada, upload_id, offset, content_length=SIZE_BYTES - offset))
                for piece in content(offset, SIZE_BYTES):
                    connection.send(piece)
                assert connection.answer(120.0).status in (204, 409)
        wait_for(lambda: "Strongroom-File-Id" in ada.head(upload_id).headers, "the file")
        assert person.wait_processed(upload_id, 180.0)["hash_sha256"] == digest_of(content(0, SIZE_BYTES))
        with person.http.stream("GET", f"/files/{upload_id}/content") as answer:
            assert digest_of(answer.iter_bytes()) == digest_of(content(0, SIZE_BYTES))
        mortal.require_sound()
