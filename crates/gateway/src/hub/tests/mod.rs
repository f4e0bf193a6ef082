//! Tests of the hub alone, event by event, with real sockets over loopback.

mod attaching;
mod best_effort;
mod delivering;
mod ending;
mod notices;
mod spreading;
mod stage;
mod subscribing;
