-- Text is indexed byte by byte, as SQLite does it, whatever language the server was set up for. So both
-- databases have one order, and an upgrade of the system's library cannot put an index out of order.
-- No table is written anew, only the indexes of these columns.
ALTER TABLE storage_meta ALTER COLUMN key TYPE TEXT COLLATE "C";
ALTER TABLE __diesel_schema_migrations ALTER COLUMN version TYPE VARCHAR(50) COLLATE "C";
ALTER TABLE users
    ALTER COLUMN name_key TYPE TEXT COLLATE "C",
    ALTER COLUMN issuer TYPE TEXT COLLATE "C",
    ALTER COLUMN subject TYPE TEXT COLLATE "C";
ALTER TABLE rooms ALTER COLUMN cid TYPE TEXT COLLATE "C";
ALTER TABLE reactions ALTER COLUMN emoji TYPE TEXT COLLATE "C";
