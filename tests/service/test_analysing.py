"""What a stored file shows when it is opened: found once, sealed for its owner, and never at the file's cost."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable

import pytest

from domain.errors import NoRendition, NoTranscript, NotReady
from domain.events import (
    AnalysisFailed,
    AnyEvent,
    AudioAnalysed,
    AudioTranscribed,
    FileDeleted,
    ImageAnalysed,
    Segment,
    Transcript,
)
from eventstore.errors import LogBusy, LogFull
from eventstore.record import Append
from service.desk import renditions
from service.desk.desk import Desk
from service.files import revealing
from service.files.content import open_content
from service.house.facts import open_event, to_fact, to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.house.keychain import Keychain
from service.media.errors import TranscriptFailed
from service.processing import analysing
from service.processing.analysing import KEEP_US, Analysed, analyse, give_up, overdue, passes, transcribe
from service.processing.storing import Done, store
from service.reading.user_data import Filters
from service.reading.views import FileView
from tests import builders
from tests.builders import Person
from tests.media.recordings import film
from tests.media_made import grey_png, tone_wav
from tests.service.desks import at_desk
from tests.service.test_user_data import page, project
from vault.errors import KeyringFull, SpoolBroken

WAV = tone_wav(1.5)
PNG = grey_png(700, 300)


def stored(house: House, ada: Person, data: bytes, *, audio: bool = False) -> str:
    file_id = builders.uploaded_file(house, ada, data, kind="audio" if audio else "file")
    store(house, house.log, file_id)
    return file_id


def found(house: House, ada: Person, file_id: str) -> list[AnyEvent]:
    """All that was said of the file after it was stored, opened."""
    key = Keychain(house, ada.who).details(file_id)
    assert key is not None
    records = house.log.read_stream(f"file-{file_id}")[2:]
    return [open_event(record, key) if record.sealed else to_fact(record).event for record in records]


def shown(house: House, ada: Person, file_id: str) -> FileView:
    project(house)
    (view,) = (item for item in page(house, ada).items if isinstance(item, FileView) and item.file_id == file_id)
    return view


def read(house: House, ada: Person, file_id: str, wanted: str = "original") -> bytes:
    async def story(desk: Desk) -> bytes:
        content, _ = await open_content(desk, ada.who, file_id, wanted)  # type: ignore[arg-type]  # A rendition's name.
        return b"".join([piece async for piece in content.pieces(0, content.size_bytes)])

    return at_desk(house, story)


def assert_laid_down(house: House, file_id: str) -> None:
    """Nothing is left of what the job worked with."""
    assert not house.layout.spool_file(file_id).exists()
    assert (house.keyring.spool_key(file_id), house.keyring.finding_key(file_id)) == (None, None)


def test_sound_is_measured_and_drawn(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    assert analyse(house, house.log, file_id) is Analysed.DONE
    (event,) = found(house, ada, file_id)
    assert isinstance(event, AudioAnalysed)
    assert event.private is not None
    assert (event.private.duration_s, event.private.sample_rate_hz, event.private.channels) == (1.5, 8_000, 1)
    assert event.renditions == ("waveform",)
    assert_laid_down(house, file_id)
    view = shown(house, ada, file_id)
    assert view.audio is not None
    assert (view.audio.duration_s, view.audio.has_transcript, view.status) == (1.5, False, "ready")
    _, data = at_desk(house, lambda desk: revealing.small_rendition(desk, ada.who, file_id, "waveform"))
    drawn = json.loads(data)
    assert (drawn["version"], drawn["bits"], len(drawn["data"])) == (2, 8, 2 * drawn["length"])
    assert read(house, ada, file_id) == read(house, ada, file_id, "play") == WAV


def test_a_picture_gets_a_thumbnail(house: House, ada: Person) -> None:
    file_id = stored(house, ada, PNG)
    assert analyse(house, house.log, file_id) is Analysed.DONE
    (event,) = found(house, ada, file_id)
    assert isinstance(event, ImageAnalysed)
    assert event.private is not None
    assert (event.private.width, event.private.height) == (700, 300)
    assert_laid_down(house, file_id)
    assert shown(house, ada, file_id).has_thumbnail
    _, data = at_desk(house, lambda desk: revealing.small_rendition(desk, ada.who, file_id, "thumbnail"))
    assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP")
    assert data not in house.layout.blob_file(file_id, "thumbnail").read_bytes()


def test_what_is_neither_is_left_alone(house: House, ada: Person) -> None:
    file_id = builders.uploaded_file(house, ada, b"only text")
    assert store(house, house.log, file_id) is Done.STORED
    assert analyse(house, house.log, file_id) is Analysed.NOTHING_TO_DO
    assert found(house, ada, file_id) == []
    project(house)
    with pytest.raises(NoRendition):
        at_desk(house, lambda desk: revealing.small_rendition(desk, ada.who, file_id, "waveform"))


@pytest.mark.parametrize(
    "data", [WAV[:20] + b"\xff" * 5_000, b"ffconcat version 1.0\nfile '/etc/passwd'\n", b"\0" * 99]
)
def test_what_was_sent_as_sound_and_is_none_is_kept_and_said(house: House, ada: Person, data: bytes) -> None:
    file_id = stored(house, ada, data, audio=True)
    analyse(house, house.log, file_id)
    assert_laid_down(house, file_id)
    view = shown(house, ada, file_id)
    assert (view.status, view.audio) == ("ready", None)
    assert read(house, ada, file_id) == data


def test_a_damaged_picture_is_said_and_stays_readable(house: House, ada: Person) -> None:
    file_id = stored(house, ada, PNG[:60])
    assert analyse(house, house.log, file_id) is Analysed.DONE
    (event,) = found(house, ada, file_id)
    assert isinstance(event, AnalysisFailed)
    view = shown(house, ada, file_id)
    assert (view.status, view.error_code, view.has_thumbnail) == ("ready", "media_unreadable", False)
    assert read(house, ada, file_id) == PNG[:60]


def test_a_job_done_again_says_nothing_twice(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    assert analyse(house, house.log, file_id) is Analysed.DONE
    assert analyse(house, house.log, file_id) is Analysed.NOTHING_TO_DO
    assert len(found(house, ada, file_id)) == 1


class _Cut(BaseException):
    """The process ends here: nothing after it runs."""


@pytest.mark.parametrize("step", ["write", "_append", "append_settled", "drop_spool"])
def test_a_job_cut_off_before_any_step_is_done_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file_id = stored(house, ada, WAV)

    def cut(*_: object, **__: object) -> None:
        raise _Cut

    with monkeypatch.context() as patch:
        patch.setattr(analysing, step, cut)
        with pytest.raises(_Cut):
            analyse(house, house.log, file_id)
    assert analyse(house, house.log, file_id) is Analysed.DONE
    assert [type(event) for event in found(house, ada, file_id)] == [AudioAnalysed]
    assert_laid_down(house, file_id)


def test_a_file_deleted_before_its_analysis_leaves_nothing(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 2, (FileDeleted(),))))
    assert analyse(house, house.log, file_id) is Analysed.NOTHING_TO_DO
    forget_file(house, file_id)
    assert house.layout.blob_files(file_id) == []


def test_a_file_deleted_amid_its_analysis_leaves_nothing(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = stored(house, ada, WAV)
    write = renditions.write

    def meanwhile(*given: object) -> None:
        house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 2, (FileDeleted(),))))
        forget_file(house, file_id)
        write(*given)  # type: ignore[arg-type]  # As they came.

    monkeypatch.setattr(analysing, "write", meanwhile)
    assert analyse(house, house.log, file_id) is Analysed.FORGOTTEN
    assert house.layout.blob_files(file_id) == []
    assert_laid_down(house, file_id)


def test_deleting_a_file_takes_what_was_derived_from_it(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    analyse(house, house.log, file_id)
    assert len(house.layout.blob_files(file_id)) == 2
    forget_file(house, file_id)
    assert house.layout.blob_files(file_id) == []


def test_before_it_is_analysed_a_file_is_not_ready_to_be_drawn(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    project(house)
    with pytest.raises(NotReady):
        at_desk(house, lambda desk: revealing.small_rendition(desk, ada.who, file_id, "waveform"))
    with pytest.raises(NotReady):
        read(house, ada, file_id, "aac")
    assert read(house, ada, file_id, "play") == WAV


def test_after_the_last_try_the_person_is_told_and_the_spool_goes(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    project(house)
    assert give_up(house, house.log, file_id, "storage_full")
    assert found(house, ada, file_id) == [AnalysisFailed(code="storage_full")]
    assert_laid_down(house, file_id)
    assert read(house, ada, file_id) == WAV


class _Listener:
    """Hears everything as the same words, and how much of it there was."""

    def __init__(self) -> None:
        self.heard_bytes = 0

    def close(self) -> None:
        pass

    def transcribe(self, pcm: Iterable[bytes]) -> Transcript:
        self.heard_bytes += sum(len(piece) for piece in pcm)
        return Transcript(language="en", segments=(Segment(start_s=0.0, end_s=1.5, text="The purple Heron lands"),))


def test_what_is_said_is_written_down_and_found_again(house: House, ada: Person) -> None:
    file_id, other = stored(house, ada, WAV), stored(house, ada, tone_wav(0.5))
    listener = _Listener()
    assert analyse(house, house.log, file_id, transcripts=True) is Analysed.TO_TRANSCRIBE
    assert transcribe(house, house.log, file_id, listener) is Analysed.DONE
    assert_laid_down(house, file_id)
    assert analyse(house, house.log, other) is Analysed.DONE
    assert listener.heard_bytes == pytest.approx(1.5 * 16_000 * 2, rel=0.05)
    assert [type(event) for event in found(house, ada, file_id)] == [AudioAnalysed, AudioTranscribed]
    view = shown(house, ada, file_id)
    assert view.audio is not None
    assert view.audio.has_transcript
    spoken = at_desk(house, lambda desk: revealing.transcript(desk, ada.who, file_id))
    assert spoken.segments[0].text == "The purple Heron lands"
    matching = page(house, ada, Filters(words=("heron", "notes"))).items
    assert [item.file_id for item in matching if isinstance(item, FileView)] == [file_id]
    assert page(house, ada, Filters(words=("heron", "crane"))).items == []
    with pytest.raises(NoTranscript):
        at_desk(house, lambda desk: revealing.transcript(desk, ada.who, other))


class _Deaf(_Listener):
    def __init__(self, failure: TranscriptFailed) -> None:
        super().__init__()
        self._failure = failure

    def transcribe(self, pcm: Iterable[bytes]) -> Transcript:
        super().transcribe(pcm)
        raise self._failure


def test_a_transcript_that_nobody_can_make_is_done_without(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    deaf = _Deaf(TranscriptFailed("transcript_refused", again=False))
    analyse(house, house.log, file_id, transcripts=True)
    assert transcribe(house, house.log, file_id, deaf) is Analysed.DONE
    assert [type(event) for event in found(house, ada, file_id)] == [AudioAnalysed]
    assert_laid_down(house, file_id)


def test_a_transcript_that_fails_is_tried_again_and_the_rest_is_not_lost(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    failure = TranscriptFailed("transcript_unreachable", again=True)
    analyse(house, house.log, file_id, transcripts=True)
    with pytest.raises(TranscriptFailed):
        transcribe(house, house.log, file_id, _Deaf(failure))
    assert [type(event) for event in found(house, ada, file_id)] == [AudioAnalysed]
    transcribe(house, house.log, file_id, _Listener())
    assert [type(event) for event in found(house, ada, file_id)] == [AudioAnalysed, AudioTranscribed]
    assert_laid_down(house, file_id)


def test_only_sound_waits_for_a_transcript(house: House, ada: Person) -> None:
    for data in (PNG, film(), WAV[:20] + b"\xff" * 5_000):
        file_id = stored(house, ada, data)
        assert analyse(house, house.log, file_id, transcripts=True) is Analysed.DONE
        assert_laid_down(house, file_id)


def test_a_transcript_waits_for_the_analysis(house: House, ada: Person) -> None:
    file_id, listener = stored(house, ada, WAV), _Listener()
    assert transcribe(house, house.log, file_id, listener) is Analysed.TO_TRANSCRIBE
    assert listener.heard_bytes == 0
    assert house.keyring.finding_key(file_id) is not None


def test_transcripts_switched_off_meanwhile_leave_nothing_lying(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    analyse(house, house.log, file_id, transcripts=True)
    assert analyse(house, house.log, file_id) is Analysed.DONE
    assert_laid_down(house, file_id)


def test_of_a_file_deleted_meanwhile_no_more_is_listened_to(house: House, ada: Person) -> None:
    file_id = stored(house, ada, tone_wav(120.0))
    analyse(house, house.log, file_id, transcripts=True)

    class Deleting(_Listener):
        def transcribe(self, pcm: Iterable[bytes]) -> Transcript:
            for piece in pcm:
                self.heard_bytes += len(piece)
                house.writer.append(Append(to_records(ada.user, f"file-{file_id}", 3, (FileDeleted(),))))
                forget_file(house, file_id)
            return Transcript(language="en", segments=())

    listener = Deleting()
    assert transcribe(house, house.log, file_id, listener) is Analysed.FORGOTTEN
    assert 0 < listener.heard_bytes <= 1 << 20
    assert house.layout.blob_files(file_id) == []
    assert_laid_down(house, file_id)


def test_a_spool_that_is_gone_is_not_waited_for(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    house.layout.spool_file(file_id).unlink()
    assert analyse(house, house.log, file_id) is Analysed.DONE
    assert_laid_down(house, file_id)


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (TranscriptFailed("transcript_unreachable", again=True), True),
        (TranscriptFailed("transcript_refused", again=False), False),
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EDQUOT, "quota"), True),
        (KeyringFull(), True),
        (LogFull(), True),
        (LogBusy(), True),
        (OSError(errno.EACCES, "closed"), False),
        (SpoolBroken(), False),
        (ValueError(), False),
    ],
)
def test_what_passes_says_nothing_against_a_file(error: Exception, passing: bool) -> None:
    assert passes(error) is passing


def test_it_passes_within_a_week_or_not_at_all(house: House, ada: Person) -> None:
    file_id = stored(house, ada, WAV)
    spool = house.layout.spool_file(file_id)
    assert not overdue(house, file_id)
    long_ago_s = (house.clock_us() - KEEP_US) / 1_000_000 - 60
    os.utime(spool, (long_ago_s, long_ago_s))
    assert overdue(house, file_id)
    spool.unlink()
    assert overdue(house, file_id)
