//! What users see: each behaviour over real sockets, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "all of this crate is test code")]

mod accounts;
mod analytics;
mod backup;
mod bad_input;
mod closing;
mod deletion;
mod direct;
mod entering;
mod errors;
mod faults;
mod faults_survived;
mod http_api;
mod identities;
mod killing;
mod leaks;
mod life;
mod limits;
mod listing;
mod lost_writes;
mod membership;
mod messages;
mod moderation;
mod moving;
mod operator;
mod order;
mod outsiders;
mod pools;
mod presence;
mod pushes;
mod reading;
mod repeats;
mod replicas;
mod resuming;
mod resuming_cut;
mod retention;
mod rights;
mod rights_cast;
mod shutdown;
mod starting;
mod tracing;
mod transport;
mod typing;
