-- Many replicas, many rows.
--
-- A comment that begins with the name of a database is SQL for that database alone.

-- Names and keys are ordered by their bytes, as SQLite does of itself and as cursors compare them.
/*postgres
ALTER TABLE versions DROP CONSTRAINT versions_file_id_fkey;
ALTER TABLE entries ALTER COLUMN id TYPE TEXT COLLATE "C", ALTER COLUMN name TYPE TEXT COLLATE "C";
ALTER TABLE versions ALTER COLUMN file_id TYPE TEXT COLLATE "C",
    ALTER COLUMN object_key TYPE TEXT COLLATE "C";
ALTER TABLE versions ADD FOREIGN KEY (file_id) REFERENCES entries (id);
ALTER TABLE users ALTER COLUMN id TYPE TEXT COLLATE "C";
*/

-- The owner of the file, so that what is asked of a user's versions needs no other table.
ALTER TABLE versions ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
UPDATE versions SET user_id = (SELECT user_id FROM entries WHERE id = file_id);

-- How many validated versions the user has: counting them would cost more with each.
ALTER TABLE users ADD COLUMN file_count BIGINT NOT NULL DEFAULT 0;
UPDATE users SET file_count = (SELECT COUNT(*) FROM versions
    WHERE versions.user_id = users.id AND state = 'validated');

DROP INDEX versions_direct;
CREATE INDEX versions_direct ON versions (user_id, file_id)
    WHERE direct = 1 AND state IN ('reserved', 'uploaded');
DROP INDEX versions_by_state;
CREATE INDEX versions_unfinished ON versions (updated_at) WHERE state IN ('reserved', 'uploaded');
CREATE INDEX versions_by_expiry ON versions (expires_at)
    WHERE state = 'validated' AND expires_at IS NOT NULL;
CREATE INDEX versions_expired ON versions (user_id, expires_at)
    WHERE state = 'validated' AND expires_at IS NOT NULL;
DROP INDEX versions_by_content;
CREATE INDEX versions_by_content ON versions (user_id, state, size_bytes, sha256);
DROP INDEX versions_by_head;
CREATE INDEX versions_by_head ON versions (user_id, size_bytes, head_md5)
    WHERE state = 'validated' AND head_md5 IS NOT NULL;
CREATE INDEX versions_by_object ON versions (object_key) WHERE state = 'validated';

-- Background jobs. Times are the database's own, so that no replica's clock matters.
CREATE TABLE jobs (
    name       TEXT   PRIMARY KEY,
    -- The replica that runs it, and until when that is taken to live; '' if none does.
    holder     TEXT   NOT NULL,
    held_until BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    -- Where a round that was broken off goes on; '' at the start.
    position   TEXT   NOT NULL
);
