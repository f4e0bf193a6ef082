-- What the store knows of itself. Storage writes `epoch` here when it first migrates a database.
CREATE TABLE IF NOT EXISTS storage_meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
