CREATE TABLE rooms (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    key        TEXT    NOT NULL UNIQUE,
    title      TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    kind       INTEGER NOT NULL,
    history    INTEGER NOT NULL,
    head       INTEGER NOT NULL DEFAULT 0,
    -- When the head moved, by this database's clock, rounded down to ten seconds so that a send
    -- seldom moves the index.
    head_at    INTEGER NOT NULL DEFAULT 0,
    -- The entry that made title, topic, kind and history what they are.
    settled    INTEGER NOT NULL DEFAULT 0,
    -- The two of a direct room, the lower id first.
    pair_low   BLOB,
    pair_high  BLOB,
    creator    BLOB,
    -- The creator's own id for the creation of a private room, and a hash of what was asked for.
    cid        TEXT,
    made_of    BLOB,
    created_at INTEGER NOT NULL,
    UNIQUE (pair_low, pair_high),
    UNIQUE (creator, cid)
) STRICT;

CREATE INDEX rooms_by_head_at ON rooms (head_at);

CREATE TABLE members (
    room_id     INTEGER NOT NULL REFERENCES rooms (id),
    user_id     BLOB    NOT NULL,
    role        INTEGER NOT NULL,
    joined_seq  INTEGER NOT NULL,
    muted_until INTEGER,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE bans (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    user_id BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitations (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    user_id BLOB    NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- Each room's log. A rowid table on purpose: without one an insert rewrites several times as much.
-- No foreign key either: the pen has locked the room.
CREATE TABLE entries (
    room_id    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    author_id  BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    cid        TEXT,
    -- NULL in a message or an edit: taken out for ever.
    body       TEXT,
    -- Of the first send, kept whatever becomes of the body.
    body_hash  BLOB,
    -- The message that is edited, deleted, reacted to or answered.
    target     INTEGER,
    -- Whom an entry about membership is about; NULL in all others.
    subject_id BLOB,
    -- JSON.
    detail     TEXT,
    UNIQUE (room_id, seq),
    UNIQUE (cid, author_id, room_id)
) STRICT;

-- Both leave out plain messages, so that a send pays for neither.
CREATE INDEX entries_by_subject ON entries (room_id, subject_id, seq) WHERE subject_id IS NOT NULL;
CREATE INDEX entries_edits ON entries (room_id, target) WHERE kind = 2;
