-- Everyone who ever wrote something, for as long as what they wrote is kept.
CREATE TABLE users (
    id            BYTEA   NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
    name          TEXT    NOT NULL,
    name_key      TEXT    NOT NULL,
    guest         BOOLEAN NOT NULL,
    password_hash TEXT,
    issuer        TEXT,
    subject       TEXT,
    admin         BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    BIGINT  NOT NULL,
    seen_at       BIGINT  NOT NULL,
    ended_at      BIGINT
);

-- One space of names for the living, accounts and guests alike.
CREATE UNIQUE INDEX users_living_name ON users (name_key) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX users_identity ON users (issuer, subject) WHERE subject IS NOT NULL;
CREATE INDEX users_guests_seen ON users (seen_at) WHERE guest AND ended_at IS NULL;

CREATE TABLE sessions (
    id           BYTEA  NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
    user_id      BYTEA  NOT NULL REFERENCES users (id),
    token_hash   BYTEA  NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    device       TEXT,
    created_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    expires_at   BIGINT,
    connected_at BIGINT,
    ended_at     BIGINT
);

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_connected ON sessions (connected_at) WHERE connected_at IS NOT NULL;
CREATE INDEX sessions_seen ON sessions (seen_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
