//! What messaging answers, over a real bus and a real database.

mod asks;
mod deleting;
mod editing;
mod listing;
mod marking;
mod reacting;
mod reading;
mod sending;
mod server;
mod sweeping;
