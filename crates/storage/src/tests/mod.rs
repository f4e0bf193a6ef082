//! What a database promises as a whole, through its public interface, on SQLite and on PostgreSQL
//! (`just unit` runs both; see [`crate::kit`]).

mod backups;
mod encrypted;
mod faults;
mod joined;
mod lane;
mod lives;
mod locks;
mod migrate;
pub(crate) mod notes;
mod open;
mod poolers;
mod pressure;
mod read;
mod refusals;
mod repeats;
mod replicas;
mod schemas;
mod silence;
mod sql;
mod transfer;
