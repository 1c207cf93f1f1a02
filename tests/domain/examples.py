"""One value of every event, as its golden file in `tests/golden` holds it."""

from __future__ import annotations

from typing import Final

from domain.events import (
    AccountErased,
    AnalysisFailed,
    AnyEvent,
    AudioAnalysed,
    AudioDetails,
    AudioTranscribed,
    ChatDeleted,
    ChatRenamed,
    ChatStarted,
    ClientHint,
    Content,
    Declared,
    Details,
    ErasureRequested,
    FileDeleted,
    FileFailed,
    FileRetried,
    FileStored,
    FileUploaded,
    Identity,
    ImageAnalysed,
    ImageDetails,
    MessageDelivered,
    MessageFailed,
    MessageRead,
    MessageSent,
    PasswordChanged,
    RecoveryCodeIssued,
    Segment,
    SessionClosed,
    SessionOpened,
    Title,
    Transcript,
    UserRegistered,
)

CHAT: Final = "0190b5e4-0c1a-7c3e-8d54-0d1b2a3c4d5e"
MESSAGE: Final = "0190b5e4-0c1a-7c3e-8d54-0d1b2a3c4d5f"
FILE: Final = "0190b5e4-0c1a-7c3e-8d54-0d1b2a3c4d60"

EXAMPLES: Final[tuple[AnyEvent, ...]] = (
    UserRegistered(private=Identity(username="Zoë", email="zoe@example.org")),
    PasswordChanged(),
    RecoveryCodeIssued(),
    ErasureRequested(),
    AccountErased(),
    SessionOpened(expires_at_us=1_790_000_000_000_000, private=ClientHint(client="Firefox on Linux")),
    SessionClosed(reason="logout"),
    ChatStarted(private=Title(title="Ferien in Åland")),
    ChatRenamed(private=Title(title="Ferien")),
    ChatDeleted(),
    MessageSent(
        chat=CHAT,
        role="user",
        content_type="text/plain",
        file_ids=(FILE,),
        private=Content(content='Grüße 👋, "quoted"\nand a second line'),
    ),
    MessageDelivered(),
    MessageRead(),
    MessageFailed(code="model_unreachable"),
    FileUploaded(
        kind="audio",
        size_bytes=5_000_000_000,
        chat=CHAT,
        message=MESSAGE,
        private=Declared(name="Mémo 1.webm", declared_type="audio/webm", sha256="5f" * 32),
    ),
    FileStored(
        scheme="AES256_GCM_HKDF_1MB",
        size_bytes=5_000_000_000,
        ciphertext_bytes=5_000_076_376,
        commitment="hmac-sha256:" + "c1" * 32,
        private=Details(mime_type="audio/webm", sha256="5f" * 32, iv="00112233445566"),
    ),
    AudioAnalysed(
        renditions=("waveform", "play"),
        private=AudioDetails(duration_s=61.5, codec="opus", sample_rate_hz=48_000, channels=2, damaged=True),
    ),
    ImageAnalysed(renditions=("thumbnail",), private=ImageDetails(width=4032, height=3024)),
    AudioTranscribed(
        private=Transcript(language="de", segments=(Segment(start_s=0.0, end_s=2.5, text="Grüße an alle"),)),
    ),
    AnalysisFailed(code="media_unreadable"),
    FileFailed(code="bad_hash"),
    FileRetried(),
    FileDeleted(),
)
