//! The limits of the bus.

use settings::{Setting, Table, group, millis, number};
use std::time::Duration;

/// The limits of the bus.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Events and ordered requests from outside in progress at once. Default 1,024. Too low:
    /// sockets wait although the database is idle. Too high: more memory under overload, longer
    /// queues.
    pub credits: usize,
    /// How long one handler call may take. Default 2 s. A handler that waits is cut then, and its
    /// subscriber's state is reloaded; one that does not wait cannot be cut: the bus logs it, and
    /// stops the server when an essential subscriber has been stuck for 30 times as long. Too low:
    /// a busy machine causes reloads and lines in the log. Too high: a stuck handler is found late.
    pub handler_limit: Duration,
    /// Events queued per isolated subscriber before the oldest is dropped. Default 4,096. Too low:
    /// it often has to read again from storage. Too high: memory. At most as many requests wait for it,
    /// and never more than 256.
    pub ring: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            credits: 1024,
            handler_limit: Duration::from_secs(2),
            ring: 4096,
        }
    }
}

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        group("Capacity", rows())
    }
}

fn rows() -> Vec<Setting<Settings>> {
    vec![
        number("bus_credits", "credits", 1..=1_000_000, |c: &mut Settings| &mut c.credits)
        .about("Commands and external events in flight at once.")
        .ends(
            "Sockets wait although the database is idle.",
            "Memory and longer queues under overload.",
        ),
        number("bus_ring", "events", 16..=16_777_216, |c: &mut Settings| &mut c.ring)
        .about("Events that an isolated subscriber may be behind before it misses some.")
        .ends(
            "It must read from the database after every burst.",
            "Memory while it is behind.",
        ),
        millis("handler_limit_ms", 10..=600_000, |c: &mut Settings| &mut c.handler_limit)
        .about(
            "Time limit of one call of a subscriber's handler. A handler that waits is cut then. One \
             that computes cannot be: it is logged, and after 30 times this limit the server stops if \
             chat depends on it.",
        )
        .ends(
            "On a busy machine subscribers reload their state, and the log has lines about overruns.",
            "A stuck handler is found late.",
        ),
    ]
}
