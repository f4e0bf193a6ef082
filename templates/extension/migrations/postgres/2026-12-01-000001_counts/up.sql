-- How many messages each room has.
CREATE TABLE counts (
    room_id  BIGINT NOT NULL PRIMARY KEY,
    messages BIGINT NOT NULL
);
