-- What the store knows of itself. Storage writes `epoch` here when it first migrates a database. Text is
-- indexed byte by byte, whatever language the server was set up for.
CREATE TABLE IF NOT EXISTS storage_meta (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

ALTER TABLE __diesel_schema_migrations ALTER COLUMN version TYPE VARCHAR(50) COLLATE "C";
