-- What a room's log lacks. A plain send writes none of these.

-- Only messages that were edited or deleted. The bodies stay in the log.
CREATE TABLE message_states (
    room_id     BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    edited_seq  BIGINT,
    deleted_seq BIGINT,
    PRIMARY KEY (room_id, seq)
);

-- A reaction taken back stays, with the entry that took it back, so that a repeat finds it.
CREATE TABLE reactions (
    room_id   BIGINT  NOT NULL,
    seq       BIGINT  NOT NULL,
    emoji     TEXT    NOT NULL,
    user_id   BYTEA   NOT NULL,
    active    INTEGER NOT NULL,
    entry_seq BIGINT  NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, user_id)
);

-- Counting walks over this alone, and not over what was taken back.
CREATE INDEX reactions_active ON reactions (room_id, seq, active, emoji, entry_seq, user_id);

CREATE TABLE markers (
    user_id BYTEA  NOT NULL,
    room_id BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (user_id, room_id)
) WITH (fillfactor = 80);
