CREATE TABLE applied (
    room_id   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    has_text  INTEGER NOT NULL,
    was_heard INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT;

CREATE TABLE counts (
    room_id INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (room_id, kind)
) STRICT;

CREATE TABLE forgotten (
    room_id   INTEGER NOT NULL,
    kept_from INTEGER NOT NULL,
    title     TEXT NOT NULL,
    PRIMARY KEY (room_id, kept_from)
) STRICT;
