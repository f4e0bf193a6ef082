-- When a guest became an account; NULL for everyone else.
ALTER TABLE users ADD COLUMN upgraded_at BIGINT;
CREATE INDEX users_upgraded ON users (upgraded_at) WHERE upgraded_at IS NOT NULL;
