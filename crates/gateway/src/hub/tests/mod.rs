//! The hub alone: driven event by event, its sockets real ones over loopback.

mod attaching;
mod delivering;
mod ending;
mod noticing;
mod soft;
mod stage;
mod subscribing;
