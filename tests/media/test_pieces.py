"""Speech on its way to a recogniser and back: cut where it is quiet, and put together within bounds."""

from __future__ import annotations

import msgspec

from service.media.pieces import Piece, pieces
from service.media.spoken import TEXT_MAX, Answer, Heard, Minutes
from tests.media.speech import SECOND_BYTES, noise
from vault.seal import MAX_PLAINTEXT_BYTES


def test_speech_is_cut_where_it_is_quiet() -> None:
    told = noise(8) + bytes(SECOND_BYTES) + noise(8)
    first, second = pieces([told], piece_s=10, search_s=5)
    assert 8.0 < first.length_s < 9.0
    assert second.start_s == first.length_s
    assert first.samples + second.samples == told


def test_speech_without_a_pause_is_cut_all_the_same_and_nothing_is_lost() -> None:
    told = noise(35)
    cut = list(pieces((told[at : at + 1_001] for at in range(0, len(told), 1_001)), piece_s=10, search_s=2))
    assert b"".join(piece.samples for piece in cut) == told
    assert all(piece.length_s <= 10 for piece in cut)
    assert [piece.silent for piece in cut] == [False] * len(cut)


def test_a_transcript_stays_below_what_an_event_can_hold() -> None:
    piece = Piece(0.0, noise(300))
    minutes = Minutes("en")
    for _ in range(20):
        minutes.add(piece, Answer(segments=[Heard(0.0, 300.0, "\N{GRINNING FACE}" * TEXT_MAX) for _ in range(50)]))
    minutes.add(piece, Answer(text="late"))
    told = minutes.transcript()
    assert 8 << 20 < len(msgspec.json.encode(told)) < MAX_PLAINTEXT_BYTES - (1 << 20)
    assert told.segments[-1].text != "late"
