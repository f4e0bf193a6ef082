-- The first entry that retention has left in each room's log, as far as the follower knows.
CREATE TABLE kept (
    room_id   BIGINT NOT NULL PRIMARY KEY,
    kept_from BIGINT NOT NULL
);
