-- As in migrations/extension, which is applied first. How far each room's log has been counted. Moves in
-- the same transaction as the counts.
CREATE TABLE IF NOT EXISTS cursors (
    room_id BIGINT NOT NULL PRIMARY KEY,
    key     TEXT   NOT NULL,
    seq     BIGINT NOT NULL
);

-- As in migrations/extension. Which store's logs were counted: `core_epoch`.
CREATE TABLE IF NOT EXISTS sources (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Messages sent, by the hour since 1970 (UTC).
CREATE TABLE room_hours (
    room_id  BIGINT NOT NULL,
    hour     BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (room_id, hour)
);

CREATE INDEX room_hours_by_hour ON room_hours (hour);

-- Who said or did something, by the day since 1970 (UTC).
CREATE TABLE active_users (
    day     BIGINT NOT NULL,
    user_id BYTEA  NOT NULL,
    PRIMARY KEY (day, user_id)
);

-- How long messages took, by the hour since 1970 and the place in the list of bounds.
CREATE TABLE latencies (
    hour   BIGINT NOT NULL,
    bucket BIGINT NOT NULL,
    sends  BIGINT NOT NULL,
    PRIMARY KEY (hour, bucket)
);
