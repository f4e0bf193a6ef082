-- In databases that are older than migrations/extension, which creates it in new ones.
CREATE TABLE IF NOT EXISTS storage_meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
