-- The keys of the rooms that were counted.
CREATE TABLE rooms (
    room_id BIGINT NOT NULL PRIMARY KEY,
    key     TEXT COLLATE "C" NOT NULL
);

INSERT INTO rooms SELECT room_id, key FROM cursors;
