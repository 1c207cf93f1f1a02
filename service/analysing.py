"""The analysis job: what a stored file shows when it is opened, recorded and sealed like the file itself.

It reads the spool, which is kept for it: the blob's key is the owner's alone, and a worker cannot read back what it has
stored. Media are opened in a confined child (service/media); this side holds the keys and gives it plaintext piece by
piece. Everything happens under the spool's flock, as storing does. Crash points: before the event, the job done again
replaces what it had derived; after it, spool and keys are left over, and the job done again removes them.

A file that cannot be analysed stays stored and readable: the person is told by AnalysisFailed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Self

from domain import file
from domain.events import AudioDetails, ImageDetails
from eventstore.errors import VersionConflict
from eventstore.log import Log
from eventstore.record import Append
from service.facts import Sealing, to_records
from service.findings import CONTAINERS, analysable
from service.forgetting import forget_file
from service.house import House
from service.media import opening
from service.media.errors import MediaFailed, TranscriptFailed
from service.media.transcribe import Engine
from service.media.types import SNIFF_BYTES, media_type
from service.renditions import RenditionName, Shelf, write
from service.storing import MAX_TRIES, Claim, LoadedFile, append_settled, claimed, drop_spool, load_file
from vault.keys import FindingKeys, unwrap_for_server
from vault.spool_access import SpoolAccess


class Analysed(Enum):
    """How a job ended that did not fail."""

    DONE = auto()
    NOTHING_TO_DO = auto()
    ELSEWHERE = auto()
    FORGOTTEN = auto()


def analyse(house: House, log: Log, file_id: str, engine: Engine | None = None) -> Analysed:
    """SpoolBroken, OSError, KeyringFull, LogError, TranscriptFailed: try again. What a medium itself does wrong is
    recorded, not raised."""
    with claimed(house.layout.spool_file(file_id)) as claim:
        if claim is Claim.OTHERS:
            return Analysed.ELSEWHERE
        loaded = load_file(log, file_id)
        if loaded is None or loaded.state.status != "ready" or house.keyring.finding_key(file_id) is None:
            return Analysed.NOTHING_TO_DO
        if claim is Claim.OURS:
            with _Table(house, log, loaded) as table:
                if not table.work(engine):
                    forget_file(house, file_id)
                    return Analysed.FORGOTTEN
        drop_spool(house, file_id)
        return Analysed.DONE


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
    """One file laid open for one job. Holds its keys for that long."""

    def __init__(self, house: House, log: Log, loaded: LoadedFile) -> None:
        self._house = house
        self._log = log
        self._loaded = loaded
        file_id, user = loaded.file_id, loaded.user
        spool_wrap, finding_wrap = house.keyring.spool_key(file_id), house.keyring.finding_key(file_id)
        row = house.keyring.blob_key(file_id, user)
        self._forgotten = spool_wrap is None or finding_wrap is None or row is None
        if spool_wrap is None or finding_wrap is None or row is None:
            return
        master = house.server.purpose("spool")
        self._keys = FindingKeys.unwrap(master, finding_wrap, user, file_id)
        self._shelf = Shelf(user, row.blob_id, self._keys)
        spool_key = unwrap_for_server(master, spool_wrap, user, f"file-{file_id}", "spool")
        self._source = SpoolAccess(house.layout.spool_file(file_id), spool_key, file_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._forgotten:
            self._source.close()

    def work(self, engine: Engine | None) -> bool:
        """False: the file was deleted meanwhile."""
        if self._forgotten:
            return False
        head = self._source.read_at(0, min(SNIFF_BYTES, self._source.size_bytes))
        mime_type = media_type(head, self._loaded.uploaded.kind)
        kind = analysable(mime_type)
        heard = kind == "audio"
        if kind is not None and not self._loaded.state.analysed:
            found = self._image() if kind == "image" else self._audio(mime_type)
            if found is not None and not self._record(found):
                return False
            heard = isinstance(found, file.RecordAudio)
        if engine is None or not heard or self._loaded.state.transcribed:
            return True
        try:
            transcript = engine.transcribe(opening.pcm(self._source))
        except MediaFailed:
            return True  # It was said already that this file does not open.
        except TranscriptFailed as failure:
            if failure.again:
                raise
            return True
        return self._record(file.RecordTranscript(transcript))

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
            report = opening.probe_audio(self._source)
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

    def _write_playable(self) -> bool:
        """A copy that shows its length and can be sought. False: what plays from its start to its end has to do."""
        try:
            write(self._house, self._shelf, "play", lambda out: opening.remux(self._source, out))
        except MediaFailed:
            return False
        return True

    def _record(self, finding: file.Finding) -> bool:
        return _append(self._house, self._log, self._loaded, finding, self._keys)


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
