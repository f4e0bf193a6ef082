//! Throw-away databases for tests.
//!
//! `Store::new().await` makes a bus, tasks and a `core` database with every migration of
//! `migrations/core`: SQLite in a temporary folder, or a fresh database on the PostgreSQL server
//! that `PARLOR_TEST_POSTGRES` names.
