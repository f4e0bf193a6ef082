//! The rows of rooms in the configuration.

use super::{Quotas, Settings};
use settings::{Setting, Table, days, group, number};

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        let quotas = quotas().into_iter();
        let quotas = quotas.map(|row| row.within(|c: &mut Self| &mut c.quotas));
        let mut rows = group("People", retention());
        rows.extend(group("Quotas of one person", quotas.collect()));
        rows.extend(group("Capacity", capacity()));
        rows
    }
}

fn retention() -> Vec<Setting<Settings>> {
    vec![
        days("retention_days", 0..=36_500, |c: &mut Settings| {
            &mut c.retention
        })
        .about(
            "Age at which messages and other entries are deleted; 0: never. The last entry of a \
             room stays, and sequence numbers do not change. A send that is retried later than \
             this creates a new message.",
        )
        .ends(
            "People miss messages they have not read yet.",
            "The database grows.",
        ),
        number(
            "retention_run_max",
            "entries in ten minutes",
            500..=1_000_000_000,
            |c: &mut Settings| &mut c.retention_run_max,
        )
        .about(
            "Most old entries deleted in one run, every ten minutes; the log says how many. While \
             the clock differs by more than a day from the latest time in the store, nothing is \
             deleted until the clock is corrected or has run steadily for a day.",
        )
        .ends(
            "A busy server keeps entries longer than retention_days.",
            "A mistake deletes much before anyone notices; writes wait for the runs.",
        ),
    ]
}

fn capacity() -> Vec<Setting<Settings>> {
    vec![
        number("room_reads_max", "reads", 1..=10_000, |c: &mut Settings| {
            &mut c.reads_max
        })
        .about("Concurrent reads of logs and members.")
        .ends(
            "Pages wait although the database is idle.",
            "Commits wait for a connection.",
        ),
        number("rooms_max", "rooms", 1..=100_000, |c: &mut Settings| {
            &mut c.rooms_max
        })
        .about(
            "Rooms of which one user may be a member, including direct rooms, except those that \
             others opened and the user has not answered.",
        )
        .ends(
            "People must leave one room to join another.",
            "Each hello reads that many rooms.",
        ),
        number("presence_max", "people", 1..=100_000, |c: &mut Settings| {
            &mut c.presence_max
        })
        .about("Most people in the online list of a room.")
        .ends(
            "Pages show few of the people online.",
            "Joining a large room transfers kilobytes.",
        ),
    ]
}

/// Quotas for contacting others who have not agreed to it yet, and for creating rooms.
fn quotas() -> Vec<Setting<Quotas>> {
    vec![
        number(
            "direct_unanswered_max",
            "rooms",
            1..=100_000,
            |c: &mut Quotas| &mut c.direct_unanswered_max,
        )
        .about("Direct rooms opened by one account that the other person has not answered.")
        .ends(
            "People cannot write to several others who are offline.",
            "One account can write to everybody.",
        ),
        number(
            "direct_unanswered_guest_max",
            "rooms",
            1..=100_000,
            |c: &mut Quotas| &mut c.direct_unanswered_guest_max,
        )
        .about("Direct rooms opened by one guest that the other person has not answered.")
        .ends(
            "Guests can start few conversations.",
            "One guest can write to everybody.",
        ),
        number(
            "direct_day_max",
            "rooms",
            1..=1_000_000,
            |c: &mut Quotas| &mut c.direct_day_max,
        )
        .about("Direct rooms that one account may open within 24 hours, answered or not.")
        .ends(
            "People who meet many others are refused.",
            "A spammer goes on to the next person after each refusal.",
        ),
        number(
            "direct_day_guest_max",
            "rooms",
            1..=1_000_000,
            |c: &mut Quotas| &mut c.direct_day_guest_max,
        )
        .about("Direct rooms that one guest may open within 24 hours, answered or not.")
        .ends(
            "Guests who meet many others are refused.",
            "A spammer goes on to the next person after each refusal.",
        ),
        number(
            "direct_waiting_max",
            "rooms",
            1..=100_000,
            |c: &mut Quotas| &mut c.direct_waiting_max,
        )
        .about(
            "Direct rooms waiting for one person's answer; guests may open at most half of them.",
        )
        .ends(
            "A few strangers keep everybody else from writing first.",
            "That person's hello reads that many rooms in addition to rooms_max.",
        ),
        number(
            "invitations_max",
            "invitations",
            1..=100,
            |c: &mut Quotas| &mut c.invitations_max,
        )
        .about("Pending invitations of one person.")
        .ends(
            "People miss invitations that they want.",
            "Each hello repeats that many.",
        ),
        number(
            "invitations_each_max",
            "invitations",
            1..=100,
            |c: &mut Quotas| &mut c.invitations_each_max,
        )
        .about("Pending invitations of one person from the same inviter.")
        .ends(
            "A friend cannot invite to all their rooms.",
            "One inviter uses up the whole quota.",
        ),
        number("rooms_day_max", "rooms", 1..=1_000_000, |c: &mut Quotas| {
            &mut c.rooms_day_max
        })
        .about("Public and private rooms that one account may create within 24 hours.")
        .ends(
            "People who set up a community must wait a day.",
            "One account uses up room names permanently.",
        ),
        number("links_max", "links", 1..=100, |c: &mut Quotas| {
            &mut c.links_max
        })
        .about("Links to one room, including those that ended within 24 hours.")
        .ends(
            "People must wait a day to replace their links.",
            "Each list of links reads that many.",
        ),
    ]
}
