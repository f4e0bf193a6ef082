//! Tests of rooms through its API, on SQLite, or on PostgreSQL with `PARLOR_TEST_STORE=postgres`.

mod bans;
mod creating;
mod crowding;
mod direct;
mod following;
mod forgetting;
mod guests;
mod items;
mod joining;
mod leaving;
mod links;
mod log;
mod log_writer;
mod moderating;
mod ownership;
mod preferences;
mod readable;
mod reading;
mod roles;
mod server;
mod service_accounts;
mod updating;
