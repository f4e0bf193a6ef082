-- How far the log of each room has been followed. Moves in the same transaction as what follows from it.
CREATE TABLE IF NOT EXISTS cursors (
    room_id INTEGER NOT NULL PRIMARY KEY,
    key     TEXT    NOT NULL,
    seq     INTEGER NOT NULL
) STRICT;

-- Which store's logs were followed: `core_epoch`.
CREATE TABLE IF NOT EXISTS sources (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
