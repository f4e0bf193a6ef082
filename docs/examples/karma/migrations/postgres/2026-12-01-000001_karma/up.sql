-- How often each person was thanked.
CREATE TABLE karma (
    user_id BYTEA  NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    points  BIGINT NOT NULL
);
