-- The messages that can be found. `id` orders them by time: see `crates/search/src/document.rs`. Texts are
-- not kept, only their words, which the server cuts itself.
CREATE TABLE messages (
    id      BIGINT   NOT NULL PRIMARY KEY,
    room_id BIGINT   NOT NULL,
    seq     BIGINT   NOT NULL,
    author  BYTEA    NOT NULL,
    words   TSVECTOR NOT NULL,
    UNIQUE (room_id, seq)
);

-- A search reads what is pending beside the index, so little may be.
CREATE INDEX messages_by_words ON messages USING gin (words) WITH (gin_pending_list_limit = 1024);
