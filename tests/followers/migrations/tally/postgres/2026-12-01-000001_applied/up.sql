CREATE TABLE applied (
    room_id   BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    kind      TEXT NOT NULL,
    has_text  BOOLEAN NOT NULL,
    was_heard BOOLEAN NOT NULL,
    PRIMARY KEY (room_id, seq)
);

CREATE TABLE counts (
    room_id BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (room_id, kind)
);

CREATE TABLE forgotten (
    room_id   BIGINT NOT NULL,
    kept_from BIGINT NOT NULL,
    title     TEXT NOT NULL,
    PRIMARY KEY (room_id, kept_from)
);
