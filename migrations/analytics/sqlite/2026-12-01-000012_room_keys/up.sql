-- The keys of the rooms that were counted.
CREATE TABLE room_keys (
    room_id INTEGER NOT NULL PRIMARY KEY,
    key     TEXT    NOT NULL
) STRICT;

INSERT INTO room_keys SELECT room_id, key FROM cursors;
