//! What a database promises as a whole, through its public face. The same tests run on SQLite and,
//! when `PARLOR_TEST_POSTGRES` names a server, on PostgreSQL.

mod faults;
mod lane;
mod migrate;
mod notes;
mod open;
mod read;
