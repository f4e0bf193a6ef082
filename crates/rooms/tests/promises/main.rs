//! What rooms promises, on a real database: SQLite, or PostgreSQL with `PARLOR_TEST_STORE=postgres`.

mod bans;
mod creating;
mod crowding;
mod direct;
mod forgetting;
mod guests;
mod joining;
mod leaving;
mod lines;
mod log;
mod log_writer;
mod moderating;
mod ownership;
mod reading;
mod roles;
mod server;
mod updating;
