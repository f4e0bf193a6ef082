-- How many are in a room, so that nobody counts a hundred thousand rows.
ALTER TABLE rooms ADD COLUMN member_count INTEGER NOT NULL DEFAULT 0;
UPDATE rooms SET member_count = (SELECT count(*) FROM members m WHERE m.room_id = rooms.id);

-- Whether a member may own the room: accounts that were not deleted, and no guests.
ALTER TABLE members ADD COLUMN may_own INTEGER NOT NULL DEFAULT 1;
UPDATE members SET may_own = 0
WHERE user_id IN (SELECT id FROM users WHERE guest OR ended_at IS NOT NULL);

-- Owners, and who is next: the highest role first, of equals whoever joined first.
CREATE INDEX members_heirs ON members (room_id, role DESC, joined_seq, user_id) WHERE may_own;

-- What is left of someone whose time is over is found by person.
CREATE INDEX bans_by_user ON bans (user_id);

-- The last entry of each kind about someone in a room, however often they came and went.
DROP INDEX entries_by_subject;
CREATE INDEX entries_about ON entries (subject_id, room_id, kind, seq) WHERE subject_id IS NOT NULL;

-- When a room's oldest entry was written, for rooms that have more than their last one. Retention
-- writes it when it looks at a room; a room without a row has not been looked at since it grew.
CREATE TABLE room_ages (
    room_id   INTEGER NOT NULL PRIMARY KEY,
    oldest_at INTEGER NOT NULL
) STRICT;

CREATE INDEX room_ages_oldest ON room_ages (oldest_at);
