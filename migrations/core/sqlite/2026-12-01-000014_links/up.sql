-- Links by which people join a room. The code is kept as a hash alone; `nonce` and the maker's own id of
-- the creation, which is not kept either, make it again for a repeat.
CREATE TABLE room_links (
    id        BLOB    NOT NULL PRIMARY KEY,
    room_id   INTEGER NOT NULL REFERENCES rooms (id),
    by_id     BLOB    NOT NULL,
    cid_hash  BLOB    NOT NULL,
    nonce     BLOB    NOT NULL,
    code_hash BLOB    NOT NULL UNIQUE,
    -- How many may join by it; NULL: any number.
    uses      INTEGER,
    used      INTEGER NOT NULL DEFAULT 0,
    -- Until when; NULL: for good.
    until_ms  INTEGER,
    made_at   INTEGER NOT NULL,
    -- When it was used up or revoked, or ended with its maker's right to give it.
    ended_at  INTEGER,
    UNIQUE (room_id, by_id, cid_hash)
) STRICT;
CREATE INDEX room_links_by_maker ON room_links (by_id);
