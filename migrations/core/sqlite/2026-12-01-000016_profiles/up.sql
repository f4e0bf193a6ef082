-- What people show of themselves besides their name. The picture is the SHA-256 of its file.
CREATE TABLE profiles (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    display TEXT,
    colour  TEXT,
    picture BLOB
);

-- The files, apart from the profiles, which are read in lists; one of each person, at most 32 KiB.
CREATE TABLE pictures (
    user_id BLOB     NOT NULL PRIMARY KEY REFERENCES users (id),
    hash    BLOB     NOT NULL,
    kind    SMALLINT NOT NULL,
    bytes   BLOB     NOT NULL
);
CREATE INDEX pictures_by_hash ON pictures (hash);
