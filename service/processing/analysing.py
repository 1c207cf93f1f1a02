"""Two jobs that find out what a stored file shows when it is opened: its analysis, then the transcript of what is
said in it, which takes far longer. What they find is recorded and sealed like the file itself.

They read the spool, which is kept for them: the blob's key is the owner's alone, and a worker cannot read back what it
has stored. Media are opened in a confined child (service/media); this side holds the keys and gives it plaintext piece
by piece. Everything happens under the spool's flock, as storing does. Crash points: before the event, the job done
again replaces what it had derived; after it, spool and keys are left over, and the job done again removes them. The
last of the two takes them away.

A file that cannot be analysed stays stored and readable: the person is told by AnalysisFailed.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Generator
from contextlib import closing
from enum import Enum, auto
from typing import Final, Literal, Self

from domain import file
from domain.events import AudioDetails, ImageDetails
from eventstore.errors import LogBusy, LogClosed, LogFull, LogUnsettled, VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from service.desk.renditions import RenditionName, Shelf, write
from service.house.facts import Sealing, to_records
from service.house.forgetting import forget_file
from service.house.house import House
from service.machine import locks
from service.media import opening
from service.media.errors import MediaFailed, TranscriptFailed
from service.media.limits import PROBE, QUICK_PROBE
from service.media.transcribe import Engine
from service.media.types import SNIFF_BYTES, media_type
from service.media.values import AudioReport
from service.processing.findings import CONTAINERS, analysable
from service.processing.storing import MAX_TRIES, Claim, LoadedFile, append_settled, claimed, drop_spool, load_file
from vault.errors import KeyringBusy, KeyringFull
from vault.keys import FindingKeys, unwrap_for_server
from vault.spool_access import SpoolAccess

KEEP_US: Final = 7 * 24 * 3_600 * 1_000_000
"""How long after its upload a file is analysed again when nothing but this machine, or the endpoint, was in the way."""
_PASSING_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)


class Analysed(Enum):
    """How a job ended that did not fail."""

    DONE = auto()
    TO_TRANSCRIBE = auto()  # The spool is kept for that job.
    NOTHING_TO_DO = auto()
    ELSEWHERE = auto()
    LATER = auto()  # It takes long, and another such file is being analysed; it is sent again.
    FORGOTTEN = auto()


class _Forgotten(Exception):
    """The file was deleted meanwhile."""


class _Later(Exception):
    """The lane for what takes long is taken."""


_Outcome = Literal[Analysed.DONE, Analysed.TO_TRANSCRIBE]


def analyse(house: House, log: Log, file_id: str, *, transcripts: bool = False) -> Analysed:
    """SpoolBroken, OSError, KeyringFull, LogError: try again. What a medium itself does wrong is recorded, not raised.
    `transcripts`: they are wanted."""
    return _open(house, log, file_id, lambda table: table.analyse(transcripts=transcripts))


def transcribe(house: House, log: Log, file_id: str, engine: Engine) -> Analysed:
    """As `analyse`, which was before it; TranscriptFailed: try again. Ends soon after the file is deleted."""
    return _open(house, log, file_id, lambda table: table.transcribe(engine))


def _open(house: House, log: Log, file_id: str, work: Callable[[_Table], _Outcome]) -> Analysed:
    with claimed(house.layout.spool_file(file_id)) as claim:
        if claim is Claim.OTHERS:
            return Analysed.ELSEWHERE
        loaded = load_file(log, file_id)
        if loaded is None or loaded.state.status != "ready" or house.keyring.finding_key(file_id) is None:
            return Analysed.NOTHING_TO_DO
        if claim is Claim.OURS:
            try:
                with _Table(house, log, loaded) as table:
                    if work(table) is Analysed.TO_TRANSCRIBE:
                        return Analysed.TO_TRANSCRIBE
            except _Forgotten:
                forget_file(house, file_id)
                return Analysed.FORGOTTEN
            except _Later:
                return Analysed.LATER
        drop_spool(house, file_id)
        return Analysed.DONE


def passes(error: BaseException) -> bool:
    """Whether it says nothing against the file: a full disk is emptied, an endpoint comes back."""
    match error:
        case TranscriptFailed(again=again):
            return again
        case KeyringFull() | KeyringBusy() | LogFull() | LogBusy() | LogUnsettled() | LogClosed():
            return True
        case OSError(errno=number):
            return number in _PASSING_ERRNOS
        case _:
            return False


def overdue(house: House, file_id: str) -> bool:
    """Whether the file has been waiting for longer than KEEP_US."""
    try:
        written_us = house.layout.spool_file(file_id).stat().st_mtime_ns // 1_000
    except FileNotFoundError:
        return True
    return written_us < house.clock_us() - KEEP_US


def give_up(house: House, log: Log, file_id: str, code: str) -> bool:
    """After the last try: AnalysisFailed, unless something was found before. False: another worker has the file."""
    with claimed(house.layout.spool_file(file_id)) as claim:
        if claim is Claim.OTHERS:
            return False
        loaded = load_file(log, file_id)
        if loaded is not None and loaded.state.status == "ready":
            _append(house, log, loaded, file.FailAnalysis(code), None)
            drop_spool(house, file_id)
    return True


class _Table:
    """One file laid open for one job. Holds its keys for that long. _Forgotten when the file is being deleted."""

    def __init__(self, house: House, log: Log, loaded: LoadedFile) -> None:
        self._house = house
        self._log = log
        self._loaded = loaded
        self._lane: locks.FileLock | None = None
        file_id, user = loaded.file_id, loaded.user
        spool_wrap, finding_wrap = house.keyring.spool_key(file_id), house.keyring.finding_key(file_id)
        row = house.keyring.blob_key(file_id, user)
        if spool_wrap is None or finding_wrap is None or row is None:
            raise _Forgotten
        master = house.server.purpose("spool")
        self._keys = FindingKeys.unwrap(master, finding_wrap, user, file_id)
        self._shelf = Shelf(user, row.blob_id, self._keys)
        spool_key = unwrap_for_server(master, spool_wrap, user, f"file-{file_id}", "spool")
        self._source = SpoolAccess(house.layout.spool_file(file_id), spool_key, file_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()
        if self._lane is not None:
            self._lane.release()

    def analyse(self, *, transcripts: bool) -> _Outcome:
        mime_type = self._mime_type()
        kind = analysable(mime_type)
        heard = kind == "audio"
        if kind is not None and not self._loaded.state.analysed:
            found = self._image() if kind == "image" else self._audio(mime_type)
            if found is not None:
                self._record(found)
            heard = isinstance(found, file.RecordAudio)
        return Analysed.TO_TRANSCRIBE if transcripts and heard and not self._loaded.state.transcribed else Analysed.DONE

    def transcribe(self, engine: Engine) -> _Outcome:
        if self._loaded.state.transcribed or analysable(self._mime_type()) != "audio":
            return Analysed.DONE
        if not self._loaded.state.analysed:
            return Analysed.TO_TRANSCRIBE  # Its turn comes after the analysis.
        try:
            with closing(opening.pcm(self._source)) as samples:
                transcript = engine.transcribe(self._while_kept(samples))
        except MediaFailed:
            return Analysed.DONE  # It was said already that this file does not open.
        except TranscriptFailed as failure:
            if failure.again:
                raise
            return Analysed.DONE
        self._record(file.RecordTranscript(transcript))
        return Analysed.DONE

    def _while_kept(self, samples: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        for piece in samples:
            self._require_kept()
            yield piece

    def _mime_type(self) -> str:
        head = self._source.read_at(0, min(SNIFF_BYTES, self._source.size_bytes))
        return media_type(head, self._loaded.uploaded.kind)

    def _image(self) -> file.Finding:
        try:
            found = opening.thumbnail(self._source)
        except MediaFailed as failure:
            return file.FailAnalysis(failure.code)
        write(self._house, self._shelf, "thumbnail", lambda out: out.write(found.webp))
        return file.RecordImage(("thumbnail",), ImageDetails(width=found.image_width, height=found.image_height))

    def _audio(self, mime_type: str) -> file.Finding | None:
        """None for a film, or for a container that nobody called sound and in which there is none."""
        try:
            report = self._probe()
        except MediaFailed as failure:
            return None if mime_type in CONTAINERS else file.FailAnalysis(failure.code)
        if report.film and self._loaded.uploaded.kind == "file":
            return None
        renditions: tuple[RenditionName, ...] = ("waveform",)
        write(self._house, self._shelf, "waveform", lambda out: out.write(report.waveform.to_json()))
        if not report.playable and self._write_playable():
            renditions += ("play",)
        details = AudioDetails(
            duration_s=report.duration_s,
            codec=report.codec,
            sample_rate_hz=report.sample_rate_hz,
            channels=report.channels,
            damaged=report.damaged,
        )
        return file.RecordAudio(renditions, details)

    def _probe(self) -> AudioReport:
        """Quickly; or else in the one lane for what takes long: nobody's hours hold up somebody's voice note."""
        try:
            return opening.probe_audio(self._source, QUICK_PROBE, self._require_kept)
        except MediaFailed as failure:
            if failure.code != "media_too_slow":
                raise
        self._lane = locks.take(self._house.layout.run / "long-media.lock")
        if self._lane is None:
            raise _Later
        return opening.probe_audio(self._source, PROBE, self._require_kept)

    def _require_kept(self, _share: float = 0.0) -> None:
        """What somebody has deleted is not looked at or listened to any more, least of all by another machine."""
        if self._house.keyring.finding_key(self._loaded.file_id) is None:
            raise _Forgotten

    def _write_playable(self) -> bool:
        """A copy that shows its length and can be sought. False: what plays from its start to its end has to do."""
        try:
            write(self._house, self._shelf, "play", lambda out: opening.remux(self._source, out))
        except MediaFailed:
            return False
        return True

    def _record(self, finding: file.Finding) -> None:
        if not _append(self._house, self._log, self._loaded, finding, self._keys):
            raise _Forgotten


def _append(house: House, log: Log, loaded: LoadedFile, finding: file.Finding, keys: FindingKeys | None) -> bool:
    """True also when the same was found before. False: the file is deleted."""
    sealing = Sealing(f"blob-{loaded.file_id}", b"" if keys is None else keys.details)
    for _ in range(MAX_TRIES):
        current = load_file(log, loaded.file_id)
        if current is None or current.state.status != "ready":
            return False
        events = file.decide(finding, current.state)
        if not events:
            return True
        try:
            append_settled(
                house.writer,
                Append(to_records(current.user, f"file-{current.file_id}", current.version, events, sealing)),
            )
        except VersionConflict:
            continue
        return True
    raise VersionConflict(f"file-{loaded.file_id}", loaded.version, -1)
