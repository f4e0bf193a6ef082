//! What rooms promises, each on a real database: SQLite, or the PostgreSQL server that
//! `PARLOR_TEST_POSTGRES` names.

mod bans;
mod creating;
mod direct;
mod guests;
mod house;
mod joining;
mod leaving;
mod lines;
mod log;
mod moderating;
mod pen;
mod reading;
mod roles;
mod updating;
