CREATE TABLE rooms (
    id          BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         TEXT     COLLATE "C" NOT NULL UNIQUE,
    title       TEXT     NOT NULL,
    topic       TEXT     NOT NULL,
    kind        SMALLINT NOT NULL,
    history     SMALLINT NOT NULL,
    head        BIGINT   NOT NULL DEFAULT 0,
    -- When the head moved, by this database's clock, rounded down to ten seconds so that a send
    -- seldom moves the index.
    head_at     BIGINT   NOT NULL DEFAULT 0,
    -- The entry that made title, topic, kind and history what they are.
    settled     BIGINT   NOT NULL DEFAULT 0,
    -- The two of a direct room, the lower id first.
    pair_low    BYTEA,
    pair_high   BYTEA,
    creator     BYTEA,
    -- The creator's own id for the creation of a private room, and a hash of what was asked for.
    cid         TEXT,
    made_of     BYTEA,
    created_at  BIGINT   NOT NULL,
    UNIQUE (pair_low, pair_high),
    UNIQUE (creator, cid)
) WITH (fillfactor = 70);

CREATE INDEX rooms_by_head_at ON rooms (head_at);

CREATE TABLE members (
    room_id     BIGINT   NOT NULL REFERENCES rooms (id),
    user_id     BYTEA    NOT NULL,
    role        SMALLINT NOT NULL,
    joined_seq  BIGINT   NOT NULL,
    muted_until BIGINT,
    PRIMARY KEY (room_id, user_id)
);

CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE bans (
    room_id     BIGINT   NOT NULL REFERENCES rooms (id),
    user_id     BYTEA    NOT NULL,
    seq         BIGINT   NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

CREATE TABLE invitations (
    room_id     BIGINT   NOT NULL REFERENCES rooms (id),
    user_id     BYTEA    NOT NULL,
    seq         BIGINT   NOT NULL,
    PRIMARY KEY (room_id, user_id)
);

-- Each room's log. No foreign key: the pen has locked the room.
CREATE TABLE entries (
    room_id     BIGINT   NOT NULL,
    seq         BIGINT   NOT NULL,
    kind        SMALLINT NOT NULL,
    author_id   BYTEA    NOT NULL,
    at          BIGINT   NOT NULL,
    cid         TEXT     COLLATE "C",
    -- NULL in a message or an edit: taken out for ever.
    body        TEXT,
    -- Of the first send, kept whatever becomes of the body.
    body_hash   BYTEA,
    -- The message that is edited, deleted, reacted to or answered.
    target      BIGINT,
    -- Whom an entry about membership is about; NULL in all others.
    subject_id  BYTEA,
    -- JSON.
    detail      TEXT,
    UNIQUE (room_id, seq),
    UNIQUE (cid, author_id, room_id)
);

-- Both leave out plain messages, so that a send pays for neither.
CREATE INDEX entries_by_subject ON entries (room_id, subject_id, seq) WHERE subject_id IS NOT NULL;
CREATE INDEX entries_edits ON entries (room_id, target) WHERE kind = 2;
