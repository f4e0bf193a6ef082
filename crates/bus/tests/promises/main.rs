//! The guarantees of the bus, tested through its public API.

mod asks;
mod catalogue;
mod confined;
mod credits;
mod detached;
mod failures;
mod isolated;
mod kit;
mod logs;
mod metrics;
mod order;
mod overruns;
mod reads;
mod rebuilds;
mod scripted;
mod stops;
mod turns;
mod wiring;
mod world;
