-- With or without U+FE0F, an emoji is one reaction: the table has it without.
-- U+FE0F alone is nothing. Of the forms that one person gave or took back, the latest counts.
-- (SQLite takes `active` from the row of the highest `entry_seq`.)
INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
SELECT room_id, seq, replace(emoji, char(65039), ''), user_id, active, max(entry_seq)
FROM reactions
WHERE instr(emoji, char(65039)) > 0 AND replace(emoji, char(65039), '') <> ''
GROUP BY 1, 2, 3, 4
ON CONFLICT (room_id, seq, emoji, user_id) DO UPDATE SET
    active = excluded.active,
    entry_seq = excluded.entry_seq
WHERE excluded.entry_seq > reactions.entry_seq;

DELETE FROM reactions WHERE instr(emoji, char(65039)) > 0;
