-- The keys of the rooms that were counted.
CREATE TABLE rooms (
    room_id INTEGER NOT NULL PRIMARY KEY,
    key     TEXT    NOT NULL
) STRICT;

INSERT INTO rooms SELECT room_id, key FROM cursors;
