-- What a member wants of a room, for themselves alone: no notice of it until this time (ms since 1970;
-- 0: notices as usual), and whether it is one of their favourites.
ALTER TABLE members ADD COLUMN quiet_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN favourite BOOLEAN NOT NULL DEFAULT FALSE;
