//! The bus.

use super::of;
use crate::config::Config;
use crate::config::setting::{Setting, millis, number};

pub(super) fn rows() -> Vec<Setting<Config>> {
    vec![
        number("bus_credits", "credits", 1..=1_000_000, |c| {
            &mut of(c).bus.credits
        })
        .about("Commands and events from outside under way at once.")
        .ends(
            "Sockets wait although the database is idle.",
            "Memory and longer queues under overload.",
        ),
        number("bus_ring", "events", 16..=16_777_216, |c| {
            &mut of(c).bus.ring
        })
        .about("Events an isolated subscriber may be behind before it is told what it missed.")
        .ends(
            "It reads again after every burst.",
            "Memory while it is behind.",
        ),
        millis("handler_limit_ms", 10..=600_000, |c| {
            &mut of(c).bus.handler_limit
        })
        .about("Time for one call of a subscriber's handler.")
        .ends(
            "A slow disk makes subscribers load anew.",
            "A stuck handler holds everyone up.",
        ),
    ]
}
