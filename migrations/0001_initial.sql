-- The house subset that SQLite and Postgres both run: TEXT and BIGINT, times as unix milliseconds,
-- digests as lower-case hex, flags as 0 or 1.

CREATE TABLE users (
    id                TEXT   PRIMARY KEY,
    email             TEXT   NOT NULL UNIQUE,
    password_hash     TEXT   NOT NULL,
    role              TEXT   NOT NULL,
    email_verified_at BIGINT,
    root_id           TEXT   NOT NULL,
    quota_bytes       BIGINT NOT NULL,
    -- The sum of size_bytes over this user's versions that are reserved, uploaded or validated.
    used_bytes        BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id           TEXT   PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id),
    label        TEXT   NOT NULL,
    secret_hash  TEXT   NOT NULL,
    permissions  TEXT   NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    created_at   BIGINT NOT NULL
);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at, id);

-- Directories and files in one table, so that one unique index keeps a name from being taken twice.
-- Paths are not stored: a moved directory is one changed row.
CREATE TABLE entries (
    id                TEXT   PRIMARY KEY,
    user_id           TEXT   NOT NULL REFERENCES users (id),
    -- '' for a root, whose name is its user's id.
    parent_id         TEXT   NOT NULL,
    name              TEXT   NOT NULL,
    kind              TEXT   NOT NULL,
    permissions       TEXT   NOT NULL,
    -- A directory's default; NULL inherits. A file's policy is its version's.
    expiration_policy TEXT,
    -- A file's newest validated version, else the newest begun. 0 for a directory.
    version           BIGINT NOT NULL,
    tags              TEXT   NOT NULL,
    description       TEXT,
    metadata          TEXT   NOT NULL,
    download_count    BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    UNIQUE (parent_id, name)
);
CREATE INDEX entries_by_creation ON entries (user_id, kind, created_at, id);

-- One upload each. state: reserved -> uploaded -> validated | failed; validated -> expired.
CREATE TABLE versions (
    file_id           TEXT   NOT NULL REFERENCES entries (id),
    number            BIGINT NOT NULL,
    state             TEXT   NOT NULL,
    -- Why it failed.
    reason            TEXT,
    size_bytes        BIGINT NOT NULL,
    mime_type         TEXT   NOT NULL,
    sha256            TEXT,
    md5               TEXT,
    -- Equal for requests that mean the same upload; NULL is equal to none.
    fingerprint       TEXT,
    -- 1 if it was begun by PUT /put/..., where nobody reports the end of the upload.
    direct            BIGINT NOT NULL,
    if_exists         TEXT   NOT NULL,
    upload_key        TEXT   NOT NULL,
    object_key        TEXT   NOT NULL,
    expiration_policy TEXT   NOT NULL,
    expires_at        BIGINT,
    -- What the upload changes of its file when it is validated; NULL leaves it.
    permissions       TEXT,
    tags              TEXT,
    description       TEXT,
    metadata          TEXT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    PRIMARY KEY (file_id, number)
);
CREATE INDEX versions_direct ON versions (file_id)
    WHERE direct = 1 AND state IN ('reserved', 'uploaded');
CREATE INDEX versions_by_state ON versions (state, updated_at);

-- Objects that no row refers to any more. Written in the transaction that drops the reference and
-- removed after the object, so that a crash between the two leaks nothing.
CREATE TABLE garbage (
    object_key   TEXT   PRIMARY KEY,
    delete_after BIGINT NOT NULL,
    -- When to delete for the last time: until then an upload URL could bring the object back.
    last_at      BIGINT NOT NULL
);
CREATE INDEX garbage_by_time ON garbage (delete_after);
