"""A large upload whose server and whose connection are cut at random, again and again, arrives with the right hash.

The ordinary run sends 12 MB and cuts six times. For the long one:

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
from tests.e2e.stack import Stack, running_stack
from tests.e2e.wire import wire
from tests.tus.conftest import MOST_BYTES
from tests.tus.sender import Sender, metadata
from tests.tus.test_faults import patch_head
from tests.waiting import wait_for

SIZE_BYTES = int(os.environ.get("TUS_SOAK_MB", "12")) * 1_000_000
CUTS = int(os.environ.get("TUS_SOAK_CUTS", "6"))
SEED = int(os.environ.get("SOAK_SEED", "7"))
BLOCK_BYTES = 1_000_000
PIECE_BYTES = 100_000
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


@pytest.fixture
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """The one that all share, unless the file is larger than it takes."""
    if SIZE_BYTES <= MOST_BYTES:
        stack: Stack = request.getfixturevalue("stack")
        yield stack
        return
    with running_stack(tmp_path, api_processes=2) as stack:
        yield stack


def test_a_large_upload_cut_again_and_again_arrives_whole(mortal: Stack) -> None:
    """At every cut it goes on from what was answered for, and what arrived before is told as it was."""
    chance = random.Random(SEED)
    cuts = sorted(chance.sample(range(1, SIZE_BYTES), CUTS))
    with somebody(mortal) as person:
        ada = Sender(person)
        done = ada.send(b"done", words=metadata(filename="small.bin"))
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
            if number % 5 == 3:
                offset = answered(ada, upload_id)
                with mortal.away():
                    pass
                assert patient_offset(ada, upload_id) == offset, "what 204 told holds over a kill of everything"
                assert patient_offset(ada, done) == len(b"done")
                assert ada.head(done).headers["Strongroom-File-Id"] == done
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
        assert person.wait_processed(done)["status"] == "ready"
        mortal.require_sound()


def answered(sender: Sender, upload_id: str) -> int:
    """The offset that 204 told for one more whole piece; asked again while the rest of a cut connection comes in."""

    def attempt() -> int:
        start = patient_offset(sender, upload_id)
        piece = b"".join(content(start, min(start + PIECE_BYTES, SIZE_BYTES - 1)))
        answer = sender.patch(upload_id, piece, start)
        assert answer.status_code in (204, 409, 423), answer.text
        return int(answer.headers["Upload-Offset"]) if answer.status_code == 204 else 0

    return wait_for(attempt, "a piece to be answered with 204")


def patient_offset(sender: Sender, upload_id: str) -> int:
    """Where the upload stands, as soon as somebody tells."""

    def ask() -> httpx.Response | None:
        try:
            answer = sender.head(upload_id)
        except httpx.TransportError:
            return None
        assert answer.status_code in (200, 423), answer.status_code
        return answer if answer.status_code == 200 else None

    answer = wait_for(ask, "an API to answer")
    assert answer is not None
    return int(answer.headers["Upload-Offset"])
