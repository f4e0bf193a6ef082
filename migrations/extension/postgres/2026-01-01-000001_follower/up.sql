-- How far the log of each room has been followed. Moves in the same transaction as what follows from it.
CREATE TABLE IF NOT EXISTS cursors (
    room_id BIGINT NOT NULL PRIMARY KEY,
    key     TEXT   NOT NULL,
    seq     BIGINT NOT NULL
);

-- Which store's logs were followed: `core_epoch`.
CREATE TABLE IF NOT EXISTS sources (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
