-- Where a room's messages are among all its entries: history skips joinings and leavings, however many.
CREATE INDEX entries_messages ON entries (room_id, seq) WHERE kind = 1;
