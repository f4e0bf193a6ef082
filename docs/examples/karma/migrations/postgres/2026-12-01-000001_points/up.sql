-- How often each person was thanked.
CREATE TABLE points (
    user_id BYTEA  NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    points  BIGINT NOT NULL
);
