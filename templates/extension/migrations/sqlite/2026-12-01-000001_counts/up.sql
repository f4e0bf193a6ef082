-- How many messages each room has.
CREATE TABLE counts (
    room_id  INTEGER NOT NULL PRIMARY KEY,
    messages INTEGER NOT NULL
) STRICT;
