-- Text is indexed byte by byte, whatever language the server was set up for.
ALTER TABLE storage_meta ALTER COLUMN key TYPE TEXT COLLATE "C";
ALTER TABLE __diesel_schema_migrations ALTER COLUMN version TYPE VARCHAR(50) COLLATE "C";
ALTER TABLE sources ALTER COLUMN name TYPE TEXT COLLATE "C";
