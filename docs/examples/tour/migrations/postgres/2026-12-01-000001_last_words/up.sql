-- The last message of each room.
CREATE TABLE last_words (
    room_id BIGINT NOT NULL PRIMARY KEY,
    seq     BIGINT NOT NULL,
    body    TEXT   NOT NULL
);
