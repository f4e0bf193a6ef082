-- The messages that can be found. `id` orders them by time: see `crates/search/src/document.rs`.
CREATE TABLE messages (
    id      INTEGER NOT NULL PRIMARY KEY,
    room_id INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    author  BLOB    NOT NULL,
    UNIQUE (room_id, seq)
) STRICT;

-- Their words, by the same id. Texts are not kept. The server cuts them into words itself, so the tokenizer
-- only splits at spaces: it takes whatever is not ASCII as part of a word.
CREATE VIRTUAL TABLE words USING fts5 (
    body,
    content = '',
    contentless_delete = 1,
    tokenize = "ascii tokenchars '_'"
);
