-- The walks of housekeeping, in the order of ids: people who ended, and those of identity providers.
CREATE INDEX users_ended ON users (id) WHERE ended_at IS NOT NULL;
CREATE INDEX users_vouched ON users (id) WHERE subject IS NOT NULL AND ended_at IS NULL;

-- A direct room names both of its people for ever; the lower id has an index already.
CREATE INDEX rooms_by_pair_high ON rooms (pair_high) WHERE pair_high IS NOT NULL;
