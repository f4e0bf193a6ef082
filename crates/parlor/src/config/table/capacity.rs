//! Capacity: the bus, concurrent reads, memberships and reactions.

use super::of;
use crate::config::Config;
use crate::config::setting::{Setting, millis, number};

pub(super) fn rows() -> Vec<Setting<Config>> {
    vec![
        number("bus_credits", "credits", 1..=1_000_000, |c| {
            &mut of(c).bus.credits
        })
        .about("Commands and external events in flight at once.")
        .ends(
            "Sockets wait although the database is idle.",
            "Memory and longer queues under overload.",
        ),
        number("bus_ring", "events", 16..=16_777_216, |c| {
            &mut of(c).bus.ring
        })
        .about("Events that an isolated subscriber may be behind before it misses some.")
        .ends(
            "It must read from the database after every burst.",
            "Memory while it is behind.",
        ),
        number("session_reads_max", "reads", 1..=10_000, |c| {
            &mut of(c).sessions.reads_at_once
        })
        .about("Concurrent reads of sessions.")
        .ends(
            "Reads queue behind each other.",
            "Reads take every connection of the pool.",
        ),
        number("room_reads_max", "reads", 1..=10_000, |c| {
            &mut of(c).rooms.reads_max
        })
        .about("Concurrent reads of logs and members.")
        .ends(
            "Pages wait although the database is idle.",
            "Commits wait for a connection.",
        ),
        number("rooms_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.rooms_max
        })
        .about(
            "Rooms of which one user may be a member, including direct rooms, except those that \
             others opened and the user has not answered.",
        )
        .ends(
            "People must leave one room to join another.",
            "Each hello reads that many rooms.",
        ),
        number("presence_max", "people", 1..=100_000, |c| {
            &mut of(c).rooms.presence_max
        })
        .about("Most people in the online list of a room.")
        .ends(
            "Pages show few of the people online.",
            "Joining a large room transfers kilobytes.",
        ),
        number("message_reads_max", "reads", 1..=10_000, |c| {
            &mut of(c).messaging.reads_max
        })
        .about("Concurrent reads of history and room lists.")
        .ends(
            "Pages wait although the database is idle.",
            "Commits wait for a connection.",
        ),
        number("reaction_kinds_max", "kinds", 1..=1_000, |c| {
            &mut of(c).messaging.reaction_kinds_max
        })
        .about("Different reactions on one message.")
        .ends(
            "People cannot add the reaction they want.",
            "Popular messages make pages large.",
        ),
        millis("handler_limit_ms", 10..=600_000, |c| {
            &mut of(c).bus.handler_limit
        })
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
