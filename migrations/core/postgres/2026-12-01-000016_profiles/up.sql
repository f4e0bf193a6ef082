-- What people show of themselves besides their name. The picture is the SHA-256 of its file.
CREATE TABLE profiles (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (id),
    display TEXT,
    colour  TEXT,
    picture BYTEA
);

-- The files, apart from the profiles, which are read in lists; one of each person, at most 32 KiB.
CREATE TABLE pictures (
    user_id BYTEA     NOT NULL PRIMARY KEY REFERENCES users (id),
    hash    BYTEA     NOT NULL,
    kind    SMALLINT NOT NULL,
    bytes   BYTEA     NOT NULL
);
CREATE INDEX pictures_by_hash ON pictures (hash);
