//! What a database promises as a whole, through its public face. The same tests run on SQLite and,
//! when `PARLOR_TEST_POSTGRES` names a server, on PostgreSQL.

mod faults;
mod lane;
mod lives;
mod migrate;
mod notes;
mod open;
mod pressure;
mod read;
mod repeats;
mod replicas;
mod silence;
