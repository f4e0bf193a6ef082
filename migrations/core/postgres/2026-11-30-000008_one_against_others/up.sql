-- Whether this member has answered: opened the direct room, wrote in it, or asked for it with `dm`.
-- Always 1 in rooms that are not direct. What retention has cut cannot be read: it counts as answered.
ALTER TABLE members ADD COLUMN answered SMALLINT NOT NULL DEFAULT 1;
UPDATE members SET answered = 0
WHERE joined_seq > 1
  AND room_id IN (SELECT id FROM rooms WHERE kind = 3 AND kept_from = 1)
  AND NOT EXISTS (
      SELECT 1 FROM entries e
      WHERE e.room_id = members.room_id AND e.author_id = members.user_id AND e.kind IN (1, 4)
  );

-- Who gave an invitation; NULL where the log no longer says.
ALTER TABLE invitations ADD COLUMN by_id BYTEA;
UPDATE invitations SET by_id = (
    SELECT e.author_id FROM entries e
    WHERE e.room_id = invitations.room_id AND e.seq = invitations.seq
);
CREATE INDEX invitations_by_user ON invitations (user_id);

-- Who is muted where, member or not. `members.muted_until` is a copy for those who are members, so
-- that a send reads it with the membership.
CREATE TABLE mutes (
    room_id  BIGINT NOT NULL REFERENCES rooms (id),
    user_id  BYTEA  NOT NULL,
    seq      BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
CREATE INDEX mutes_by_user ON mutes (user_id);
INSERT INTO mutes (room_id, user_id, seq, until_ms)
SELECT e.room_id, e.subject_id, e.seq, (e.detail::json ->> 'until_ms')::bigint
FROM entries e
WHERE e.subject_id IS NOT NULL AND e.kind = 11
  AND e.detail::json ->> 'until_ms' IS NOT NULL
  AND e.seq = (
      SELECT max(x.seq) FROM entries x
      WHERE x.room_id = e.room_id AND x.subject_id = e.subject_id AND x.kind IN (11, 12)
  );
INSERT INTO mutes (room_id, user_id, seq, until_ms)
SELECT room_id, user_id, 0, muted_until FROM members WHERE muted_until IS NOT NULL
ON CONFLICT DO NOTHING;
