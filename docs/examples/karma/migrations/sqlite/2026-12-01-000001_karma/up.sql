-- How often each person was thanked.
CREATE TABLE karma (
    user_id BLOB    NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    points  INTEGER NOT NULL
) STRICT;
