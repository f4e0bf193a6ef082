//! The bus, reads, and what a message may bear.

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
        number("session_reads_max", "reads", 1..=10_000, |c| {
            &mut of(c).sessions.reads_at_once
        })
        .about("Reads of sessions under way at once.")
        .ends(
            "Reads queue behind each other.",
            "Reads take every connection of the pool.",
        ),
        number("room_reads_max", "reads", 1..=10_000, |c| {
            &mut of(c).rooms.reads_max
        })
        .about("Reads of logs and members under way at once.")
        .ends(
            "Pages wait although the database is idle.",
            "Commits wait for a connection.",
        ),
        number("rooms_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.rooms_max
        })
        .about("Rooms one user may be a member of, direct ones included but for those that others opened and the user has not answered.")
        .ends(
            "People must leave one room to enter another.",
            "Their hello reads as many.",
        ),
        number("presence_max", "people", 1..=100_000, |c| {
            &mut of(c).rooms.presence_max
        })
        .about("People named in the online list of one room.")
        .ends(
            "Pages show few of those who are there.",
            "Joining a large room costs kilobytes.",
        ),
        number("message_reads_max", "reads", 1..=10_000, |c| {
            &mut of(c).messaging.reads_max
        })
        .about("Reads of history and room lists under way at once.")
        .ends(
            "Pages wait although the database is idle.",
            "Commits wait for a connection.",
        ),
        number("reaction_kinds_max", "kinds", 1..=1_000, |c| {
            &mut of(c).messaging.reaction_kinds_max
        })
        .about("Kinds of reactions one message may bear.")
        .ends(
            "People are refused the one they want.",
            "Pages grow with every popular message.",
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
