"""The tables of `keyring.db`, and the steps that lift an older schema to today's."""

from __future__ import annotations

from typing import Final

import apsw

from vault.migrating import Step

SCHEMA_VERSION: Final = 6

_FIRST: Final = """
CREATE TABLE server (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    key_check BLOB NOT NULL,                    -- derived from the server key for nothing but being compared
    generation INTEGER NOT NULL DEFAULT 0,      -- counts what was written: an older copy put back is told by it
    pepper_by_server BLOB                       -- of the first server key, under today's; null: it is today's
) STRICT;
CREATE TABLE account (
    user_id           TEXT PRIMARY KEY,
    name_index        BLOB NOT NULL UNIQUE,     -- HMAC(index key, normalised name): finds, but does not tell
    email_index       BLOB NOT NULL UNIQUE,
    time_cost         INTEGER NOT NULL,
    memory_kib        INTEGER NOT NULL,
    parallelism       INTEGER NOT NULL,
    salt              BLOB NOT NULL,
    password_verifier BLOB NOT NULL,            -- SHA-256 of the auth key
    user_by_password  BLOB NOT NULL,            -- user key under the password's kek
    recovery_verifier BLOB NOT NULL,
    user_by_recovery  BLOB NOT NULL,            -- user key under the recovery code's kek
    public_key        BLOB NOT NULL,            -- HPKE X-Wing, in clear
    secret_by_user    BLOB NOT NULL,            -- its secret part under a key derived from the user key
    subject_by_server BLOB NOT NULL,            -- subject key under the server's: opens user name and e-mail
    created_at_us     INTEGER NOT NULL,
    password_changes  INTEGER NOT NULL DEFAULT 0,   -- how often each was set: the log is told of what it has not heard
    codes_issued      INTEGER NOT NULL DEFAULT 1,
    backup_sets       INTEGER NOT NULL DEFAULT 0,
    backup_uses       INTEGER NOT NULL DEFAULT 0,
    identity_by_subject BLOB                    -- name and new address, until the log has been told of them
) STRICT;
CREATE TABLE session (
    session_id    TEXT PRIMARY KEY,
    token_hash    BLOB NOT NULL UNIQUE,
    user_id       TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    user_by_token BLOB NOT NULL,                -- user key under the token's key
    expires_at_us INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    seen_at_us    INTEGER NOT NULL DEFAULT 0    -- coarse: when it was last used; 0: not since it was opened
) STRICT;
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_expiry ON session (expires_at_us);
CREATE TABLE stream_key (                       -- of chats, files, and messages that a write-only token posted
    stream         TEXT PRIMARY KEY,            -- deleting the row forgets it
    user_id        TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    stream_by_user BLOB NOT NULL,               -- under a key derived from the user key, or sealed to the account
    size_bytes     INTEGER NOT NULL,            -- what a file counts towards the quota; 0 for others
    created_at_us  INTEGER NOT NULL,
    chat           TEXT                         -- of a message: the chat's stream, with which it goes
) STRICT;
CREATE INDEX stream_key_by_chat ON stream_key (chat) WHERE chat IS NOT NULL;
CREATE INDEX stream_key_by_user ON stream_key (user_id, size_bytes);
CREATE INDEX stream_key_by_age ON stream_key (created_at_us);
CREATE TABLE spool_key (                        -- lives from upload to stored and analysed
    file_id           TEXT PRIMARY KEY,
    user_id           TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    spool_by_server   BLOB NOT NULL,
    finding_by_server BLOB                      -- finding key, from when the blob key is known: seals what is found out
) STRICT;
CREATE INDEX spool_key_by_user ON spool_key (user_id);
CREATE TABLE blob_key (
    file_id        TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    blob_id        TEXT NOT NULL,               -- the file whose blob it is: itself, or one of the same content
    salt           BLOB NOT NULL,               -- of the commitment that the log has to the blob
    blob_by_public BLOB NOT NULL                -- HPKE-sealed to the account: a worker can write and never read back
) STRICT;
CREATE INDEX blob_key_by_user ON blob_key (user_id);
CREATE INDEX blob_key_by_blob ON blob_key (blob_id);
CREATE TABLE content_tag (                      -- HMAC of the content under a key of the user's: equal within one user
    file_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    tag     BLOB NOT NULL
) STRICT;
CREATE INDEX content_tag_by_tag ON content_tag (user_id, tag);
"""

_FACTORS_AND_TOKENS: Final = """
CREATE INDEX session_by_use ON session (max(seen_at_us, created_at_us));
CREATE TABLE totp (                             -- RFC 6238; one per account
    user_id        TEXT PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    secret_by_user BLOB NOT NULL,               -- under a key derived from the user key
    confirmed      INTEGER NOT NULL,            -- 0: shown, and no code of it has come yet: it asks for nothing
    last_step      INTEGER NOT NULL,            -- the newest time step that was used: no code counts twice
    created_at_us  INTEGER NOT NULL
) STRICT;
CREATE TABLE backup_code (                      -- stand in for the authenticator, once each
    user_id TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    tag     BLOB NOT NULL,                      -- HMAC under a key derived from the user key
    PRIMARY KEY (user_id, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey (                          -- WebAuthn credentials
    passkey_id    TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    credential_id BLOB NOT NULL UNIQUE,
    public_key    BLOB NOT NULL,                -- COSE_Key, RFC 9052
    sign_count    INTEGER NOT NULL,
    name_by_user  BLOB NOT NULL,
    user_by_prf   BLOB,                         -- user key under the PRF's output: never the only wrap; null: no PRF
    created_at_us INTEGER NOT NULL,
    used_at_us    INTEGER
) STRICT;
CREATE INDEX passkey_by_user ON passkey (user_id);
CREATE TABLE spent (                            -- challenges that were answered: none counts twice
    tag           BLOB PRIMARY KEY,
    expires_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE api_token (
    token_id      TEXT PRIMARY KEY,
    token_hash    BLOB NOT NULL UNIQUE,
    user_id       TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    kind          TEXT NOT NULL,                -- read_write, read, write
    user_by_token BLOB,                         -- user key under the token's key; null: write-only, opens nothing
    name_by_user  BLOB NOT NULL,
    chats         TEXT,                         -- a JSON array of the only chats that it reaches; null: all
    expires_at_us INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL,
    used_at_us    INTEGER
) STRICT;
CREATE INDEX api_token_by_user ON api_token (user_id);
CREATE INDEX api_token_by_expiry ON api_token (expires_at_us);
"""

_INVITATIONS_AND_REMOVALS: Final = """
CREATE TABLE invitation (                       -- opens the registration, where that asks for one
    tag           BLOB PRIMARY KEY,             -- SHA-256 of the code's random bytes
    uses_left     INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey_removed (                  -- until the log has been told: an older copy lacks others
    passkey_id TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES account ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
"""

SCHEMA: Final = _FIRST + _FACTORS_AND_TOKENS + _INVITATIONS_AND_REMOVALS


def _count_changes(connection: apsw.Connection) -> None:
    """3 → 4: how often the password and the recovery code were set."""
    connection.execute("""
ALTER TABLE account ADD COLUMN password_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN codes_issued     INTEGER NOT NULL DEFAULT 1;
""")


def _add_factors_and_tokens(connection: apsw.Connection) -> None:
    """4 → 5: second factors, passkeys, tokens; when a session was used; which keyring is newer."""
    connection.execute(
        """
ALTER TABLE account    ADD COLUMN backup_sets INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account    ADD COLUMN backup_uses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account    ADD COLUMN identity_by_subject BLOB;
ALTER TABLE session    ADD COLUMN seen_at_us INTEGER NOT NULL DEFAULT 0;
UPDATE session SET seen_at_us = unixepoch() * 1000000;  -- nobody noted it: what is in daily use must not end as idle
ALTER TABLE stream_key ADD COLUMN chat TEXT;
CREATE INDEX stream_key_by_chat ON stream_key (chat) WHERE chat IS NOT NULL;
ALTER TABLE server     ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE server     ADD COLUMN pepper_by_server BLOB;
"""
        + _FACTORS_AND_TOKENS
    )


def _add_invitations_and_removals(connection: apsw.Connection) -> None:
    """5 → 6."""
    connection.execute(_INVITATIONS_AND_REMOVALS)


STEPS: Final[dict[int, Step]] = {3: _count_changes, 4: _add_factors_and_tokens, 5: _add_invitations_and_removals}
"""Schema version → what makes the next one of it. A keyring cannot be built anew from anything."""
