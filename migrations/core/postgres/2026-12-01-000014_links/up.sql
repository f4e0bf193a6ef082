-- Links by which people join a room. The code is kept as a hash alone; `nonce` and the maker's own id of
-- the creation, which is not kept either, make it again for a repeat.
CREATE TABLE room_links (
    id        BYTEA  NOT NULL PRIMARY KEY,
    room_id   BIGINT NOT NULL REFERENCES rooms (id),
    by_id     BYTEA  NOT NULL,
    cid_hash  BYTEA  NOT NULL,
    nonce     BYTEA  NOT NULL,
    code_hash BYTEA  NOT NULL UNIQUE,
    -- How many may join by it; NULL: any number.
    uses      BIGINT,
    used      BIGINT NOT NULL DEFAULT 0,
    -- Until when; NULL: for good.
    until_ms  BIGINT,
    made_at   BIGINT NOT NULL,
    -- When it was used up or revoked, or ended with its maker's right to give it.
    ended_at  BIGINT,
    UNIQUE (room_id, by_id, cid_hash)
);
CREATE INDEX room_links_by_maker ON room_links (by_id);
