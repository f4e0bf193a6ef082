//! What a database promises as a whole, through its public interface, on SQLite and on PostgreSQL
//! (`just unit` runs both; see [`crate::kit`]).

mod faults;
mod lane;
mod lives;
mod locks;
mod migrate;
mod notes;
mod open;
mod pressure;
mod read;
mod repeats;
mod replicas;
mod silence;
