-- What a room's log lacks. A plain send writes none of these.

-- Only messages that were edited or deleted. The bodies stay in the log.
CREATE TABLE message_states (
    room_id     INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    edited_seq  INTEGER,
    deleted_seq INTEGER,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

-- A reaction taken back stays, with the entry that took it back, so that a repeat finds it.
CREATE TABLE reactions (
    room_id   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    emoji     TEXT    NOT NULL,
    user_id   BLOB    NOT NULL,
    active    INTEGER NOT NULL,
    entry_seq INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- Counting walks over this alone, and not over what was taken back.
CREATE INDEX reactions_active ON reactions (room_id, seq, active, emoji, entry_seq, user_id);

CREATE TABLE markers (
    user_id BLOB    NOT NULL,
    room_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id)
) STRICT, WITHOUT ROWID;
