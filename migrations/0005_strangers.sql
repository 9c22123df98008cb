-- Ceilings for what strangers may plan, claim and leave behind.

-- Files and directories of the user, those in the trash included; the root is not one.
ALTER TABLE users ADD COLUMN object_count BIGINT NOT NULL DEFAULT 0;
UPDATE users SET object_count = (SELECT COUNT(*) FROM entries
    WHERE entries.user_id = users.id AND entries.id <> users.root_id);

-- What a link takes in: in all, so far with what is planned, and what of it is not finished.
ALTER TABLE shares ADD COLUMN max_total_bytes BIGINT;
ALTER TABLE shares ADD COLUMN max_files BIGINT;
ALTER TABLE shares ADD COLUMN received_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE shares ADD COLUMN received_files BIGINT NOT NULL DEFAULT 0;
ALTER TABLE shares ADD COLUMN unfinished_files BIGINT NOT NULL DEFAULT 0;
UPDATE shares SET
    max_total_bytes = (SELECT quota_bytes / 2 FROM users WHERE users.id = shares.user_id),
    max_files = 1000
WHERE can_upload = 1;
UPDATE shares SET
    received_bytes = (SELECT CAST(COALESCE(SUM(v.size_bytes), 0) AS BIGINT) FROM versions v
        WHERE v.share_id = shares.id AND v.state IN ('reserved', 'uploaded', 'validated')),
    received_files = (SELECT COUNT(*) FROM versions v
        WHERE v.share_id = shares.id AND v.state IN ('reserved', 'uploaded', 'validated')),
    unfinished_files = (SELECT COUNT(*) FROM versions v
        WHERE v.share_id = shares.id AND v.state IN ('reserved', 'uploaded'))
WHERE can_upload = 1;

-- Wrong passwords are counted by address now, in the memory of each replica.
ALTER TABLE shares DROP COLUMN guesses;
ALTER TABLE shares DROP COLUMN guesses_since;

-- The address of the client that planned an upload through a share.
ALTER TABLE versions ADD COLUMN address TEXT;
CREATE INDEX versions_through_share ON versions (share_id, updated_at)
    WHERE share_id IS NOT NULL AND state IN ('reserved', 'uploaded');

-- A claim is known by its id alone. Bytes that were asked for with it, and those that went out.
DROP INDEX claims_by_share;
ALTER TABLE claims DROP COLUMN client;
ALTER TABLE claims ADD COLUMN taken_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE claims ADD COLUMN sent_bytes BIGINT NOT NULL DEFAULT 0;
