"""All routes on one page."""

from __future__ import annotations

from typing import Any

from api import (
    accounts,
    admin,
    chats,
    emails,
    events,
    export,
    files,
    findings,
    health,
    log,
    metrics,
    passkeys,
    passwords,
    receipts,
    registration,
    sealing,
    stream,
    tokens,
    totp,
    tus,
    uploads,
    user_data,
)
from service.desk.desk import Desk
from vault.throttle import Limit


def routes(desk: Desk) -> list[tuple[str, Any]]:
    """(path below /api/v1, resource). The same paths answer below /api."""
    settings = desk.house.settings
    limit = Limit("credentials", settings.credential_rate, 60)
    challenges = Limit("passkey-challenges", settings.credential_rate, 60)  # Of its own: they use no sign-in up.
    trusted = _trusted(desk)
    return [
        ("/registration", registration.Mode(desk)),
        ("/auth/register", accounts.Register(desk, limit, trusted)),
        ("/auth/login", accounts.Login(desk, limit, trusted)),
        ("/auth/logout", accounts.Logout(desk, limit, trusted)),
        ("/auth/password", passwords.Password(desk, limit, trusted)),
        ("/auth/recover", passwords.Recover(desk, limit, trusted)),
        ("/auth/recovery-code", passwords.RecoveryCode(desk, limit, trusted)),
        ("/auth/factors", totp.FactorList(desk)),
        ("/auth/totp", totp.Totp(desk, limit, trusted)),
        ("/auth/totp/confirm", totp.TotpConfirmation(desk, limit, trusted)),
        ("/auth/backup-codes", totp.BackupCodeSet(desk, limit, trusted)),
        ("/auth/email", emails.Email(desk, limit, trusted)),
        ("/auth/passkeys", passkeys.PasskeyList(desk, limit, trusted)),
        ("/auth/passkeys/options", passkeys.PasskeyOptions(desk, limit, trusted)),
        ("/auth/passkeys/challenge", passkeys.PasskeyChallenge(desk, challenges, trusted)),
        ("/auth/passkeys/login", passkeys.PasskeyLogin(desk, limit, trusted)),
        ("/auth/passkeys/{passkey_id}", passkeys.PasskeyItem(desk, limit, trusted)),
        ("/auth/sessions", accounts.SessionList(desk, limit, trusted)),
        ("/auth/sessions/{session_id}", accounts.SessionItem(desk, limit, trusted)),
        ("/auth/seal", sealing.SealNow(desk)),
        ("/auth/tokens", tokens.TokenList(desk, limit, trusted)),
        ("/auth/tokens/{token_id}", tokens.TokenItem(desk, limit, trusted)),
        ("/chats", chats.ChatList(desk)),
        ("/chats/{chat_id}", chats.ChatItem(desk)),
        ("/messages", chats.MessageList(desk)),
        ("/messages/{message_id}/status", chats.MessageStatus(desk)),
        ("/upload/files", uploads.Files(desk)),
        ("/upload/audio", uploads.Audio(desk)),
        ("/uploads", tus.UploadList(desk)),
        ("/uploads/{upload_id}", tus.UploadItem(desk)),
        ("/files/{file_id}", files.FileItem(desk)),
        ("/files/{file_id}/content", files.FileContent(desk)),
        ("/files/{file_id}/retry", files.FileRetry(desk)),
        ("/files/{file_id}/waveform", findings.FileWaveform(desk)),
        ("/files/{file_id}/thumbnail", findings.FileThumbnail(desk)),
        ("/files/{file_id}/transcript", findings.FileTranscript(desk)),
        ("/user", passwords.Account(desk, limit, trusted)),
        ("/user/data", user_data.UserData(desk)),
        ("/user/export", export.UserExport(desk)),
        ("/user/import", export.UserImport(desk)),
        ("/user/events", events.UserEvents(desk)),
        ("/user/events/{position}/proof", events.EventProof(desk)),
        ("/stream", stream.EventStream(desk)),
        ("/admin/overview", admin.AdminOverview(desk)),
        ("/admin/jobs/retry", admin.AllJobsRetry(desk)),
        ("/admin/jobs/{job_id}/retry", admin.JobRetry(desk)),
    ]


def operating_routes(desk: Desk) -> list[tuple[str, Any]]:
    """(path, resource) outside the API: for supervisors, probes and auditors."""
    return [
        ("/healthz", health.Healthz(desk)),
        ("/readyz", health.Readyz(desk)),
        ("/metrics", metrics.Metrics(desk)),
        ("/log/checkpoint", log.LogCheckpoint(desk)),
        ("/log/key", log.LogKey(desk)),
        ("/log/receipt/{position}", receipts.LogReceipt(desk, _trusted(desk))),
        ("/log/tile/{tail:path}", log.LogTile(desk, _trusted(desk))),
    ]


def _trusted(desk: Desk) -> frozenset[str]:
    return frozenset(part.strip() for part in desk.house.settings.trusted_proxies.split(",") if part.strip())
