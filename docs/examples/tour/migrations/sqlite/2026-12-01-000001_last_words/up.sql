-- The last message of each room.
CREATE TABLE last_words (
    room_id INTEGER NOT NULL PRIMARY KEY,
    seq     INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
