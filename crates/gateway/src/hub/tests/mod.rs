//! The hub alone: driven event by event, its sockets real ones over loopback.

mod attaching;
mod best_effort;
mod delivering;
mod ending;
mod notices;
mod stage;
mod subscribing;
