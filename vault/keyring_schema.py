"""The schema of `keyring.db`, the only mutable truth, and how a connection to it is opened.

`journal_mode=DELETE` and `secure_delete=ON`, because what is deleted here must be gone: a write-ahead log or a free
page would keep destroyed wraps readable. `synchronous=EXTRA` adds the fsync of the folder after the journal's unlink:
without it a power cut can bring a hot journal back and with it a destroyed key. `temp_store=MEMORY`, because the
journal of a single statement would else lie in the machine's folder for temporary files.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import apsw

from vault.errors import KeyringCorrupt, WrongServerKey

APPLICATION_ID = 0x53524B52  # "SRKR"
SCHEMA_VERSION = 6
BUSY_TIMEOUT_MS = 10_000
NAP_S: Final = 0.0002
PRAGMAS = (
    "journal_mode = DELETE",
    "secure_delete = ON",
    "synchronous = EXTRA",
    "foreign_keys = ON",
    "temp_store = MEMORY",
)

SCHEMA = """
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

FACTORS_AND_TOKENS = """
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

INVITATIONS_AND_REMOVALS = """
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

STEPS = {
    3: """
ALTER TABLE account ADD COLUMN password_changes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN codes_issued     INTEGER NOT NULL DEFAULT 1;
""",
    4: """
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
    + FACTORS_AND_TOKENS,
    5: INVITATIONS_AND_REMOVALS,
}
"""Schema version → what makes the next one of it. A keyring cannot be built anew from anything."""


class Patience:
    """A busy handler: short naps, BUSY_TIMEOUT_MS in all.

    A commit keeps readers out for its fsyncs, a few milliseconds. SQLite's own handler soon sleeps 25 to 100 ms at a
    time and wakes up in the next commit: under busy writers a read took seconds.
    """

    __slots__ = ("_until_s",)

    def __init__(self) -> None:
        self._until_s = 0.0

    def __call__(self, tries: int) -> bool:
        """Whether to try again; `tries` counts from 0 for each wait."""
        now_s = monotonic()
        if tries == 0:
            self._until_s = now_s + BUSY_TIMEOUT_MS / 1_000
        if now_s >= self._until_s:
            return False
        sleep(NAP_S)
        return True


def open_database(path: Path, key_check: bytes | None = None, *, create: bool = False) -> apsw.Connection:
    """A connection to the keyring. `create`: where there is none, an empty one is made that belongs to the server key
    of `key_check`; a keyring that belongs to nobody would lock everybody out, so only who has the key makes one.

    KeyringCorrupt if the file is something else; WrongServerKey if `key_check` is given and not the one it was created
    with.
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE * create))
    connection.set_busy_handler(Patience())
    try:
        if create and connection.pragma("user_version") == 0:
            _create(connection, key_check)
        if connection.pragma("application_id") != APPLICATION_ID:
            raise KeyringCorrupt("the database is not a Strongroom keyring")
        _lift(connection)
        if connection.pragma("user_version") != SCHEMA_VERSION:
            raise KeyringCorrupt(f"the keyring has schema version {connection.pragma('user_version')}")
        if key_check is not None:
            _require_server_key(connection, key_check)
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except apsw.NotADBError as error:
        connection.close()
        raise KeyringCorrupt("the keyring is not a database") from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_as_it_is(path: Path) -> tuple[apsw.Connection, int] | None:
    """A connection that only reads, and the schema's version, maybe an older one: nothing is created or lifted.

    None where there is no keyring yet: no file, or an empty one, which SQLite makes before the first commit.
    KeyringCorrupt. What a crash left half written is rolled back first, as by any who opens it."""
    if not path.exists():
        return None
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error as error:
        raise KeyringCorrupt(f"the keyring cannot be opened: {error}") from error
    try:
        connection.set_busy_handler(Patience())
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")  # All of it of one moment: somebody may be making it.
        version = connection.pragma("user_version")
        if version == 0 and not connection.execute("SELECT 1 FROM sqlite_schema").fetchall():
            connection.close()
            return None
        if connection.pragma("application_id") != APPLICATION_ID:
            raise KeyringCorrupt("the database is not a Strongroom keyring")
        if not isinstance(version, int) or not (version in STEPS or version == SCHEMA_VERSION):
            raise KeyringCorrupt(f"the keyring has schema version {version}")
        connection.execute("COMMIT")
    except apsw.NotADBError as error:
        connection.close()
        raise KeyringCorrupt("the keyring is not a database") from error
    except apsw.Error as error:
        connection.close()
        raise KeyringCorrupt(f"the keyring cannot be read: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection, version


def _create(connection: apsw.Connection, key_check: bytes | None) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute("SELECT 1 FROM sqlite_schema").fetchall():
            connection.execute(SCHEMA + FACTORS_AND_TOKENS + INVITATIONS_AND_REMOVALS)
            if key_check is not None:
                connection.execute("INSERT INTO server (id, key_check) VALUES (1, ?)", (key_check,))
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", SCHEMA_VERSION)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _lift(connection: apsw.Connection) -> None:
    """From an older schema to today's, all or nothing; two processes that start at once do it once."""
    if connection.pragma("user_version") not in STEPS:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        while (version := connection.pragma("user_version")) in STEPS:
            connection.execute(STEPS[version])
            connection.pragma("user_version", version + 1)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _require_server_key(connection: apsw.Connection, key_check: bytes) -> None:
    row = connection.execute("SELECT key_check FROM server").fetchone()
    if row is None or not isinstance(row[0], bytes) or not hmac.compare_digest(row[0], key_check):
        raise WrongServerKey
