CREATE TABLE applied (
    room_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT;
