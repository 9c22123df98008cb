-- Keys that may only upload.

-- The key that planned the upload, if it may upload and nothing else; NULL for all others.
ALTER TABLE versions ADD COLUMN key_id TEXT;

-- 1 for a directory that was put as a tree below a public one: whoever has its link sees what is in it, as
-- long as it is public.
ALTER TABLE entries ADD COLUMN is_listed BIGINT NOT NULL DEFAULT 0;
