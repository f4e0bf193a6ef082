-- The first entry that a room still has; what is below was too old to be kept.
ALTER TABLE rooms ADD COLUMN kept_from INTEGER NOT NULL DEFAULT 1;
