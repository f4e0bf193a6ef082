-- With or without U+FE0F, an emoji is one reaction: the table has it without.
-- U+FE0F alone is nothing. Of the forms that one person gave or took back, the latest counts.
INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
SELECT DISTINCT ON (1, 2, 3, 4)
    room_id, seq, replace(emoji, chr(65039), ''), user_id, active, entry_seq
FROM reactions
WHERE strpos(emoji, chr(65039)) > 0 AND replace(emoji, chr(65039), '') <> ''
ORDER BY 1, 2, 3, 4, entry_seq DESC
ON CONFLICT (room_id, seq, emoji, user_id) DO UPDATE SET
    active = excluded.active,
    entry_seq = excluded.entry_seq
WHERE excluded.entry_seq > reactions.entry_seq;

DELETE FROM reactions WHERE strpos(emoji, chr(65039)) > 0;
