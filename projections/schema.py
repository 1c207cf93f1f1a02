"""The read tables and the cursor, at a glance.

`position` is the log position of the event that created the row. Rows are clustered by (user_id, position):
one person's lie side by side in the order of the log, so that a page is one walk over a few neighbouring
disk pages, without sorting. (With the rowid as key, every row of a page is elsewhere: 1.8 times the time,
measured.)

`*_sealed` are the encrypted private fields as they stand in the log, never opened here. What binds a
ciphertext to its place (stream, version, event type) follows from the row: version 1 and the creating
event, unless a `*_version` or `*_type` beside it says otherwise. Times are µs since 1970 UTC. The wide
sealed column comes last, so that a filter passing over a row does not walk its overflow pages.
"""

from __future__ import annotations

APPLICATION_ID = 0x53524750
"""`PRAGMA application_id`, "SRGP": tells a projection of any version from a database that is not ours to
delete."""

SCHEMA_VERSION = 4
"""`PRAGMA user_version`. Counts the shapes of the tables *and* of what `apply` puts into them: raising it
rebuilds every projection from the log at the next start. There are no migrations."""

TABLES = ("user", "session", "token", "chat", "message", "file", "transcript", "deletion", "erasure", "cursor")

SCHEMA = """
CREATE TABLE user (
    user_id          TEXT    NOT NULL PRIMARY KEY,
    position         INTEGER NOT NULL,
    created_at_us    INTEGER NOT NULL,
    updated_at_us    INTEGER NOT NULL,
    identity_type    TEXT    NOT NULL,  -- the event that sealed it: UserRegistered, EmailChanged
    identity_version INTEGER NOT NULL,
    identity_sealed  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    user_id          TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    session_id       TEXT    NOT NULL,
    created_at_us    INTEGER NOT NULL,
    expires_at_us    INTEGER NOT NULL,
    client_sealed    BLOB    NOT NULL,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_by_id ON session (session_id);
CREATE INDEX session_by_expiry ON session (expires_at_us);

CREATE TABLE token (                    -- API tokens of which the log does not say yet that they are revoked
    token_id         TEXT    NOT NULL PRIMARY KEY,
    position         INTEGER NOT NULL,
    user_id          TEXT    NOT NULL,
    expires_at_us    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_user ON token (user_id);

CREATE TABLE chat (
    user_id          TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    chat_id          TEXT    NOT NULL,
    created_at_us    INTEGER NOT NULL,
    updated_at_us    INTEGER NOT NULL,
    title_type       TEXT    NOT NULL,  -- the event that sealed it: ChatStarted, ChatRenamed
    title_version    INTEGER NOT NULL,
    title_sealed     BLOB    NOT NULL,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX chat_by_id ON chat (chat_id);

CREATE TABLE message (
    user_id          TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    message_id       TEXT    NOT NULL,
    chat_id          TEXT    NOT NULL,
    role             TEXT    NOT NULL,  -- user, assistant, system
    status           TEXT    NOT NULL,  -- sent, delivered, read, error
    error_code       TEXT,
    created_at_us    INTEGER NOT NULL,
    content_type     TEXT    NOT NULL,
    file_ids         TEXT    NOT NULL,  -- a JSON array of strings
    own_key          INTEGER NOT NULL,  -- 0, 1: it is sealed under a key of its own, not under its chat's
    content_sealed   BLOB    NOT NULL,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX message_by_id ON message (message_id);
CREATE INDEX message_by_chat ON message (user_id, chat_id, position);

CREATE TABLE file (
    user_id          TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    file_id          TEXT    NOT NULL,
    chat_id          TEXT,
    message_id       TEXT,
    kind             TEXT    NOT NULL,  -- file, audio
    status           TEXT    NOT NULL,  -- processing, ready, error
    error_code       TEXT,
    size_bytes       INTEGER NOT NULL,
    uploaded_at_us   INTEGER NOT NULL,
    updated_at_us    INTEGER NOT NULL,
    scheme           TEXT,              -- from here to details_version, and details_sealed: once stored
    ciphertext_bytes INTEGER,
    details_version  INTEGER,
    media_type       TEXT,              -- AudioAnalysed, ImageAnalysed; from here to renditions, and media_sealed: then
    media_version    INTEGER,
    media_error      TEXT,              -- why it was not analysed
    renditions       TEXT    NOT NULL,  -- a JSON array of strings
    transcribed      INTEGER NOT NULL,  -- 0, 1: there is a row in `transcript`
    declared_sealed  BLOB    NOT NULL,
    details_sealed   BLOB,
    media_sealed     BLOB,
    PRIMARY KEY (user_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX file_by_id ON file (file_id);
CREATE INDEX file_by_chat ON file (user_id, chat_id, position);
CREATE INDEX file_processing ON file (file_id) WHERE status = 'processing';

CREATE TABLE transcript (
    user_id          TEXT    NOT NULL,
    file_id          TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    text_sealed      BLOB    NOT NULL,
    PRIMARY KEY (user_id, file_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE deletion (
    position         INTEGER NOT NULL PRIMARY KEY,  -- of ChatDeleted, FileDeleted; gone with ChatErased, FileErased
    stream           TEXT    NOT NULL,
    user_id          TEXT    NOT NULL,
    chat_id          TEXT               -- of a file: its chat
) STRICT;
CREATE UNIQUE INDEX deletion_by_stream ON deletion (stream);
CREATE INDEX deletion_by_user ON deletion (user_id, chat_id);

CREATE TABLE erasure (
    user_id          TEXT    NOT NULL PRIMARY KEY,
    position         INTEGER NOT NULL,  -- of ErasureRequested: nothing of this user makes a row any more
    finished         INTEGER NOT NULL   -- 0, 1
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_unfinished ON erasure (user_id) WHERE finished = 0;

CREATE TABLE cursor (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    position         INTEGER NOT NULL   -- the last fact applied; 0: none yet
) STRICT;
INSERT INTO cursor (id, position) VALUES (1, 0);
"""
