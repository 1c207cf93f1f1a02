"""What an analysis does not do: hold others up, look on at what is deleted, take a film for a voice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.events import AudioAnalysed, FileDeleted
from eventstore.record import Append
from service.house.facts import to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.machine import locks
from service.media import opening
from service.media.errors import MediaFailed
from service.media.limits import QUICK_PROBE, Limits
from service.media.values import AudioReport, Source
from service.processing import analysing
from service.processing.analysing import Analysed, analyse
from tests.builders import Person
from tests.media.recordings import film
from tests.media_made import tone_wav
from tests.service.test_analysing import WAV, assert_laid_down, found, shown, stored


def test_a_film_is_kept_as_it_is_unless_it_was_sent_as_sound(house: House, ada: Person) -> None:
    seen, heard = stored(house, ada, film()), stored(house, ada, film(), audio=True)
    for file_id in (seen, heard):
        assert analyse(house, house.log, file_id) is Analysed.DONE
        assert_laid_down(house, file_id)
    assert found(house, ada, seen) == []
    assert [type(event) for event in found(house, ada, heard)] == [AudioAnalysed]
    view = shown(house, ada, seen)
    assert (view.mime_type, view.audio, view.error_code) == ("video/webm", None, None)


def test_what_takes_long_waits_for_its_lane_and_holds_nobody_else_up(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = opening.probe_audio

    def slow(source: Source, limits: Limits, progress: Callable[[float], None]) -> AudioReport:
        if limits is QUICK_PROBE and source.size_bytes == len(WAV):
            raise MediaFailed("media_too_slow")
        return probe(source, limits, progress)

    monkeypatch.setattr(opening, "probe_audio", slow)
    long, short = stored(house, ada, WAV), stored(house, ada, tone_wav(0.5))
    lane = locks.take(house.layout.run / "long-media.lock")
    assert lane is not None
    with lane:
        assert analyse(house, house.log, long) is Analysed.LATER
        assert analyse(house, house.log, short) is Analysed.DONE
    assert found(house, ada, long) == []
    assert analyse(house, house.log, long) is Analysed.DONE
    assert [type(event) for event in found(house, ada, long)] == [AudioAnalysed]
    free = locks.take(house.layout.run / "long-media.lock")
    assert free is not None
    free.release()


def test_a_file_deleted_amid_its_probe_is_looked_at_no_further(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = stored(house, ada, WAV)
    probe = opening.probe_audio

    def deleting(source: Source, limits: Limits, progress: Callable[[float], None]) -> AudioReport:
        house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 2, (FileDeleted(),))))
        forget_file(house, file_id)
        return probe(source, limits, progress)

    monkeypatch.setattr(opening, "probe_audio", deleting)
    monkeypatch.setattr(analysing, "write", lambda *_: pytest.fail("it was opened to its end"))
    assert analyse(house, house.log, file_id) is Analysed.FORGOTTEN
