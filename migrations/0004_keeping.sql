-- Versions, trash, search and shares.

-- The entry that was moved to the trash with it: itself, or a directory above it. NULL in the tree.
ALTER TABLE entries ADD COLUMN trash_id TEXT;
-- The name in lower case, for searching.
ALTER TABLE entries ADD COLUMN folded_name TEXT NOT NULL DEFAULT '';
-- What kind of thing a file is, as the protocol names it.
ALTER TABLE entries ADD COLUMN category TEXT NOT NULL DEFAULT 'other';
ALTER TABLE entries ADD COLUMN last_download_at BIGINT;
UPDATE entries SET folded_name = LOWER(name);
UPDATE entries SET category = COALESCE(
    (SELECT CASE
        WHEN v.mime_type LIKE 'image/%' THEN 'images'
        WHEN v.mime_type LIKE 'video/%' THEN 'videos'
        WHEN v.mime_type LIKE 'audio/%' THEN 'audios'
        WHEN v.mime_type LIKE 'text/%' OR v.mime_type = 'application/pdf' THEN 'documents'
        WHEN v.mime_type IN ('application/zip', 'application/gzip', 'application/x-tar') THEN 'archives'
        ELSE 'other' END
     FROM versions v WHERE v.file_id = entries.id AND v.number = entries.version), 'other')
WHERE kind = 'file';

/*postgres
ALTER TABLE entries ALTER COLUMN parent_id TYPE TEXT COLLATE "C",
    ALTER COLUMN trash_id TYPE TEXT COLLATE "C";
*/

CREATE INDEX entries_in_trash ON entries (trash_id, id) WHERE trash_id IS NOT NULL;
DROP INDEX entries_by_creation;
CREATE INDEX entries_by_creation ON entries (user_id, kind, created_at, id) WHERE trash_id IS NULL;

-- users.file_count is the files in the tree whose current version is validated.

-- What was deleted and can come back. The entry's parent is 'trash/' and its own id then, so that its
-- name is free in the directory.
CREATE TABLE trash (
    entry_id   TEXT   PRIMARY KEY REFERENCES entries (id),
    user_id    TEXT   NOT NULL REFERENCES users (id),
    path       TEXT   NOT NULL,
    trashed_at BIGINT NOT NULL,
    -- 1 once it is being deleted for good, which may take many transactions.
    is_doomed  BIGINT NOT NULL
);
CREATE INDEX trash_by_user ON trash (user_id, is_doomed, trashed_at, entry_id);
CREATE INDEX trash_by_time ON trash (trashed_at);
CREATE INDEX trash_doomed ON trash (entry_id) WHERE is_doomed = 1;

/*postgres
ALTER TABLE trash DROP CONSTRAINT trash_entry_id_fkey;
ALTER TABLE trash ALTER COLUMN entry_id TYPE TEXT COLLATE "C";
ALTER TABLE trash ADD FOREIGN KEY (entry_id) REFERENCES entries (id);
*/

-- The share that an upload came through; NULL for the owner's.
ALTER TABLE versions ADD COLUMN share_id TEXT;

CREATE TABLE shares (
    id             TEXT   PRIMARY KEY,
    user_id        TEXT   NOT NULL REFERENCES users (id),
    entry_id       TEXT   NOT NULL,
    -- The share that this one was made with; it ends with that one.
    parent_id      TEXT,
    token          TEXT   NOT NULL UNIQUE,
    can_download   BIGINT NOT NULL,
    can_upload     BIGINT NOT NULL,
    can_share      BIGINT NOT NULL,
    can_delete     BIGINT NOT NULL,
    password_hash  TEXT,
    -- Wrong passwords since `guesses_since`.
    guesses        BIGINT NOT NULL,
    guesses_since  BIGINT NOT NULL,
    expires_at     BIGINT,
    max_file_bytes BIGINT,
    max_downloads  BIGINT,
    -- Downloads that began; at most max_downloads.
    claim_count    BIGINT NOT NULL,
    -- Downloads that ended.
    download_count BIGINT NOT NULL,
    revoked_at     BIGINT,
    created_at     BIGINT NOT NULL
);
/*postgres
ALTER TABLE shares ALTER COLUMN entry_id TYPE TEXT COLLATE "C";
*/
CREATE INDEX shares_by_user ON shares (user_id, created_at, id) WHERE revoked_at IS NULL;
CREATE INDEX shares_by_entry ON shares (entry_id);
CREATE INDEX shares_by_parent ON shares (parent_id) WHERE parent_id IS NOT NULL;

-- Downloads of counted shares that have begun and not ended.
CREATE TABLE claims (
    id       TEXT   PRIMARY KEY,
    share_id TEXT   NOT NULL,
    file_id  TEXT   NOT NULL,
    -- Who began it: a digest of address and program.
    client   TEXT   NOT NULL,
    -- 0 while it is under way; then it may still be gone on with until ends_at.
    is_ended BIGINT NOT NULL,
    -- When its URL ends; by then it has ended, told or not.
    ends_at  BIGINT NOT NULL
);
CREATE INDEX claims_by_share ON claims (share_id, file_id, client);
CREATE INDEX claims_by_time ON claims (ends_at);
