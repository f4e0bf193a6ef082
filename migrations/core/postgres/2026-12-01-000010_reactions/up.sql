-- With or without U+FE0F, an emoji is one reaction: the table has it without.
-- U+FE0F alone is nothing.
INSERT INTO reactions (room_id, seq, emoji, user_id, active, entry_seq)
SELECT room_id, seq, replace(emoji, chr(65039), ''), user_id, max(active), max(entry_seq)
FROM reactions
WHERE strpos(emoji, chr(65039)) > 0 AND replace(emoji, chr(65039), '') <> ''
GROUP BY 1, 2, 3, 4
ON CONFLICT (room_id, seq, emoji, user_id) DO UPDATE SET
    entry_seq = CASE
        WHEN excluded.active > reactions.active THEN excluded.entry_seq
        WHEN excluded.active < reactions.active THEN reactions.entry_seq
        ELSE greatest(excluded.entry_seq, reactions.entry_seq)
    END,
    active = greatest(excluded.active, reactions.active);

DELETE FROM reactions WHERE strpos(emoji, chr(65039)) > 0;
