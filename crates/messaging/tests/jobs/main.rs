//! Tests of messaging through its API, over a real bus and a real database.

mod commands;
mod deleting;
mod editing;
mod last;
mod listing;
mod marking;
mod messages;
mod reacting;
mod reading;
mod sending;
mod server;
mod sweeping;
