-- 0 for an account that is suspended: it may do nothing, and its links open nothing.
ALTER TABLE users ADD COLUMN is_active BIGINT NOT NULL DEFAULT 1;
