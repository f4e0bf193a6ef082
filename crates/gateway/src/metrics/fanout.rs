//! Metrics of the hub: deliveries, turns and sizes.

use super::{count, counts, seconds};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Measures the delivery of events to sockets.
#[derive(Debug)]
pub(crate) struct FanoutMetrics {
    delivered: Histogram,
    frames: Histogram,
    sockets: Histogram,
    shared: Counter,
    connections: Gauge,
    people: Gauge,
    rooms: Gauge,
}

impl Default for FanoutMetrics {
    fn default() -> Self {
        Self {
            delivered: seconds(),
            frames: counts(),
            sockets: counts(),
            shared: Counter::default(),
            connections: Gauge::default(),
            people: Gauge::default(),
            rooms: Gauge::default(),
        }
    }
}

impl FanoutMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "delivery_seconds",
            "Time from publishing new entries, right after their commit, until every subscribed \
             socket was written to once; excludes what the kernel did not accept then",
            self.delivered.clone(),
        );
        registry.register(
            "fanout_batch_frames",
            "Frames queued per turn of the hub",
            self.frames.clone(),
        );
        registry.register(
            "fanout_batch_sockets",
            "Sockets written to per turn of the hub, each once",
            self.sockets.clone(),
        );
        registry.register(
            "fanout_shared_turns",
            "Turns of the hub whose sockets several threads wrote to",
            self.shared.clone(),
        );
        registry.register(
            "hub_connections",
            "Connections in the hub: those that have said hello",
            self.connections.clone(),
        );
        registry.register(
            "hub_people",
            "Users in the hub: connected, or disconnected for less than a minute",
            self.people.clone(),
        );
        registry.register(
            "hub_rooms",
            "Rooms in the hub: those with a member in the hub",
            self.rooms.clone(),
        );
    }

    /// Records the time from an event to the writes of all its subscribers.
    pub(crate) fn record_delivery(&self, took: Duration) {
        self.delivered.observe(took.as_secs_f64());
    }

    /// Records the frames and sockets of one turn.
    pub(crate) fn record_batch(&self, frames: usize, sockets: usize) {
        self.frames.observe(count(frames));
        self.sockets.observe(count(sockets));
    }

    /// Counts a turn whose sockets several threads wrote to.
    pub(crate) fn record_shared(&self) {
        self.shared.inc();
    }

    /// Sets the number of connections, people and rooms in the hub.
    pub(crate) fn set_sizes(&self, connections: usize, people: usize, rooms: usize) {
        self.connections.set(whole(connections));
        self.people.set(whole(people));
        self.rooms.set(whole(rooms));
    }
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
