-- Uploads in parts.

-- The store's name for the upload, and the bytes of every part but the last; NULL for one request.
ALTER TABLE versions ADD COLUMN upload_id TEXT;
ALTER TABLE versions ADD COLUMN part_size BIGINT;
-- 1 while the length is not known: size_bytes then is what is set aside so far.
ALTER TABLE versions ADD COLUMN open_ended BIGINT NOT NULL DEFAULT 0;
-- MD5 of the first 8 MiB: tells files of one size apart before they were read.
ALTER TABLE versions ADD COLUMN head_md5 TEXT;
-- What the store attests of each part, as hex of one width, in order and without gaps.
ALTER TABLE versions ADD COLUMN part_digests TEXT;

CREATE INDEX versions_by_content ON versions (size_bytes, sha256) WHERE state = 'validated';
CREATE INDEX versions_by_head ON versions (size_bytes, head_md5) WHERE state = 'validated';

-- An upload in parts to abort, besides the object.
ALTER TABLE garbage ADD COLUMN upload_id TEXT;

-- What is the same upload is told by its columns now.
ALTER TABLE versions DROP COLUMN fingerprint;
