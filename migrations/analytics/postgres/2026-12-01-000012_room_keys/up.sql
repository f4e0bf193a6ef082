-- The keys of the rooms that were counted.
CREATE TABLE room_keys (
    room_id BIGINT NOT NULL PRIMARY KEY,
    key     TEXT COLLATE "C" NOT NULL
);

INSERT INTO room_keys SELECT room_id, key FROM cursors;
