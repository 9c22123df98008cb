-- Accounts that people create themselves, their sessions, durable work, and the audit log.

ALTER TABLE users ADD COLUMN first_name TEXT;
ALTER TABLE users ADD COLUMN last_name TEXT;
ALTER TABLE users ADD COLUMN username TEXT;
CREATE UNIQUE INDEX users_by_username ON users (username);
-- When the user deleted the account: its links open nothing, and a job removes what it has.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;
CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;

-- The address of the client that used a key last.
ALTER TABLE api_keys ADD COLUMN last_used_from TEXT;

-- The directory that a key is bound to; NULL for a key to everything (`auth::scope`). No foreign key: if the
-- directory is deleted, its key must reach nothing, not everything.
ALTER TABLE api_keys ADD COLUMN root_id TEXT;
-- Its path when the key was made, which is shown once the directory no longer exists.
ALTER TABLE api_keys ADD COLUMN path TEXT;
-- The directory that the key of an upload, or of whoever created a link, is bound to: outside of it, neither
-- is of use.
ALTER TABLE versions ADD COLUMN root_id TEXT;
ALTER TABLE shares ADD COLUMN root_id TEXT;

-- Log-ins. `db::sessions` has the table of states.
CREATE TABLE sessions (
    id           TEXT   PRIMARY KEY,
    user_id      TEXT   NOT NULL REFERENCES users (id),
    -- From the User-Agent header.
    client       TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    permissions  TEXT   NOT NULL,
    -- The API key that it was begun with, and ends with; NULL for a password.
    key_id       TEXT   REFERENCES api_keys (id) ON DELETE CASCADE,
    -- When that key expires.
    ends_at      BIGINT,
    -- Key from which the tokens of this session are derived; of no use without one of them.
    token_key    TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    -- When its newest refresh token expires, and the session with it.
    expires_at   BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at, id);
CREATE INDEX sessions_by_key ON sessions (key_id) WHERE key_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Only digests are stored. A refresh token that was rotated stays until it expires, so that its reuse is
-- noticed.
CREATE TABLE session_tokens (
    token_hash TEXT   PRIMARY KEY,
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    -- access, refresh
    kind       TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    -- For a refresh token: when it was exchanged for its successor, which is derived from it.
    rotated_at BIGINT
);
CREATE INDEX session_tokens_by_session ON session_tokens (session_id);
CREATE INDEX session_tokens_by_expiry ON session_tokens (expires_at);

-- Links that sign in to the page, of which only digests are stored. Each works once, and ends with the session or
-- the key that it was made with.
CREATE TABLE login_links (
    token_hash TEXT   PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    -- NULL if it was made with a key.
    session_id TEXT   REFERENCES sessions (id) ON DELETE CASCADE,
    -- The API key that its session is begun with; NULL if it was made with the session of a password.
    key_id     TEXT   REFERENCES api_keys (id) ON DELETE CASCADE,
    -- Path of the page that it leads to.
    next_path  TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX login_links_by_user ON login_links (user_id);
CREATE INDEX login_links_by_session ON login_links (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX login_links_by_key ON login_links (key_id) WHERE key_id IS NOT NULL;
CREATE INDEX login_links_by_expiry ON login_links (expires_at);

-- Tokens that are sent by mail, of which only digests are stored. Each works once.
CREATE TABLE mail_tokens (
    token_hash TEXT   PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    -- verification, password_reset
    kind       TEXT   NOT NULL,
    -- The address that it was sent to: a verification of an address that was changed since is worthless.
    email      TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX mail_tokens_by_user ON mail_tokens (user_id, kind);
CREATE INDEX mail_tokens_by_expiry ON mail_tokens (expires_at);

-- Programs that wait for a user to let them log in (RFC 8628). `db::device_codes` has the table of states.
CREATE TABLE device_codes (
    -- Of the program's own code; the key is derived from the code and from token_key.
    device_hash  TEXT   PRIMARY KEY,
    -- What the user types.
    user_code    TEXT   NOT NULL UNIQUE,
    client       TEXT   NOT NULL,
    address      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    -- Who let it log in, and what its key may do.
    user_id      TEXT   REFERENCES users (id),
    permissions  TEXT,
    key_id       TEXT   NOT NULL,
    token_key    TEXT   NOT NULL,
    pause_millis BIGINT NOT NULL,
    polled_at    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);
CREATE INDEX device_codes_by_user ON device_codes (user_id) WHERE user_id IS NOT NULL;

-- Attempts to log in and to sign up, by address and by account, in the current window.
CREATE TABLE attempts (
    class      TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    count      BIGINT NOT NULL,
    PRIMARY KEY (class, subject)
);
CREATE INDEX attempts_by_time ON attempts (started_at);

-- Work that must be done although the process that accepted it may die. `db::queue` has the table of states.
CREATE TABLE queue (
    id         TEXT   PRIMARY KEY,
    -- The user on whose behalf it is done; NULL for the server's own.
    user_id    TEXT   REFERENCES users (id),
    kind       TEXT   NOT NULL,
    -- JSON
    payload    TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    attempts   BIGINT NOT NULL,
    -- Not before this time.
    run_at     BIGINT NOT NULL,
    -- The replica that does it, and until when that is taken to live; '' if none does.
    holder     TEXT   NOT NULL,
    held_until BIGINT NOT NULL,
    -- Why the last attempt failed.
    error      TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX queue_by_time ON queue (run_at) WHERE state = 'queued';
CREATE INDEX queue_held ON queue (held_until) WHERE state = 'running';
CREATE INDEX queue_by_user ON queue (user_id, created_at, id);
CREATE INDEX queue_by_creation ON queue (created_at, id);

-- Who did what. Rows are only ever added, in the transaction of what they tell.
CREATE TABLE audit (
    id           TEXT   PRIMARY KEY,
    at           BIGINT NOT NULL,
    -- api_key, session, oidc, root, visitor, server, anonymous
    actor_kind   TEXT   NOT NULL,
    -- Of the key, the session or the share.
    actor_id     TEXT,
    -- The user whose credential it was; NULL if there was none.
    user_id      TEXT,
    -- The user whose data it was; differs from user_id for admins and root.
    on_behalf_of TEXT,
    address      TEXT,
    action       TEXT   NOT NULL,
    target       TEXT,
    -- done, refused
    outcome      TEXT   NOT NULL,
    -- JSON
    details      TEXT   NOT NULL
);
CREATE INDEX audit_by_time ON audit (at, id);
CREATE INDEX audit_by_user ON audit (user_id, at, id);
CREATE INDEX audit_by_owner ON audit (on_behalf_of, at, id);

-- What users may store and transfer; NULL is unlimited.
CREATE TABLE tiers (
    id                     TEXT   PRIMARY KEY,
    name                   TEXT   NOT NULL UNIQUE,
    storage_bytes          BIGINT,
    object_count           BIGINT,
    monthly_download_bytes BIGINT,
    max_file_size          BIGINT,
    is_public              BIGINT NOT NULL,
    price                  TEXT,
    created_at             BIGINT NOT NULL,
    updated_at             BIGINT NOT NULL
);
INSERT INTO tiers VALUES
    ('tierfree0000', 'free', 10000000000, NULL, 50000000000, NULL, 1, NULL, 1, 1),
    ('tierpro00000', 'pro', 1000000000000, NULL, 1000000000000, NULL, 1, NULL, 2, 2),
    ('tiercommas00', 'tres-commas', NULL, NULL, NULL, NULL, 1, NULL, 3, 3);
ALTER TABLE users ADD COLUMN tier_id TEXT NOT NULL DEFAULT 'tierfree0000';
CREATE INDEX users_by_tier ON users (tier_id, id);
-- Downloaded bytes of the user's files in a calendar month, which is numbered 12 * year + month - 1.
ALTER TABLE users ADD COLUMN month BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN month_bytes BIGINT NOT NULL DEFAULT 0;
-- Whoever had an account before tiers came keeps what was unlimited.
UPDATE users SET tier_id = 'tiercommas00';

-- Requests of users for another tier.
CREATE TABLE tier_requests (
    id         TEXT   PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    tier_id    TEXT   NOT NULL REFERENCES tiers (id),
    reason     TEXT   NOT NULL,
    -- pending, approved, refused
    state      TEXT   NOT NULL,
    -- Of whoever decided.
    note       TEXT,
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX tier_requests_by_user ON tier_requests (user_id, created_at, id);
CREATE INDEX tier_requests_by_time ON tier_requests (created_at, id);
CREATE INDEX tier_requests_by_tier ON tier_requests (tier_id);
CREATE UNIQUE INDEX tier_requests_pending ON tier_requests (user_id) WHERE state = 'pending';

-- What an account has goes with it, and its row is deleted last.
CREATE INDEX shares_of_user ON shares (user_id);
CREATE INDEX entries_of_user ON entries (user_id);
