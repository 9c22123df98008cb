-- Keys that may only upload.

-- The key that planned the upload, if it may upload and nothing else; NULL for all others.
ALTER TABLE versions ADD COLUMN key_id TEXT;
