-- As in migrations/extension, which is applied first. How far each room's log has been counted. Moves in
-- the same transaction as the counts.
CREATE TABLE IF NOT EXISTS cursors (
    room_id INTEGER NOT NULL PRIMARY KEY,
    key     TEXT    NOT NULL,
    seq     INTEGER NOT NULL
) STRICT;

-- As in migrations/extension. Which store's logs were counted: `core_epoch`.
CREATE TABLE IF NOT EXISTS sources (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Messages sent, by the hour since 1970 (UTC).
CREATE TABLE room_hours (
    room_id  INTEGER NOT NULL,
    hour     INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (room_id, hour)
) STRICT, WITHOUT ROWID;

CREATE INDEX room_hours_by_hour ON room_hours (hour);

-- Who said or did something, by the day since 1970 (UTC).
CREATE TABLE active_users (
    day     INTEGER NOT NULL,
    user_id BLOB    NOT NULL,
    PRIMARY KEY (day, user_id)
) STRICT, WITHOUT ROWID;

-- How long messages took, by the hour since 1970 and the place in the list of bounds.
CREATE TABLE latencies (
    hour   INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    sends  INTEGER NOT NULL,
    PRIMARY KEY (hour, bucket)
) STRICT, WITHOUT ROWID;
