//! Quotas for contacting others who have not agreed to it yet, and for creating rooms.

use super::of;
use crate::config::Config;
use crate::config::setting::{Setting, number};

pub(super) fn rows() -> Vec<Setting<Config>> {
    vec![
        number("direct_unanswered_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.quotas.direct_unanswered_max
        })
        .about("Direct rooms opened by one account that the other person has not answered.")
        .ends(
            "People cannot write to several others who are offline.",
            "One account can write to everybody.",
        ),
        number("direct_unanswered_guest_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.quotas.direct_unanswered_guest_max
        })
        .about("Direct rooms opened by one guest that the other person has not answered.")
        .ends(
            "Guests can start few conversations.",
            "One guest can write to everybody.",
        ),
        number("direct_day_max", "rooms", 1..=1_000_000, |c| {
            &mut of(c).rooms.quotas.direct_day_max
        })
        .about("Direct rooms that one account may open within 24 hours, answered or not.")
        .ends(
            "People who meet many others are refused.",
            "A spammer goes on to the next person after each refusal.",
        ),
        number("direct_day_guest_max", "rooms", 1..=1_000_000, |c| {
            &mut of(c).rooms.quotas.direct_day_guest_max
        })
        .about("Direct rooms that one guest may open within 24 hours, answered or not.")
        .ends(
            "Guests who meet many others are refused.",
            "A spammer goes on to the next person after each refusal.",
        ),
        number("direct_waiting_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.quotas.direct_waiting_max
        })
        .about(
            "Direct rooms waiting for one person's answer; guests may open at most half of them.",
        )
        .ends(
            "A few strangers keep everybody else from writing first.",
            "That person's hello reads that many rooms in addition to rooms_max.",
        ),
        number("invitations_max", "invitations", 1..=100, |c| {
            &mut of(c).rooms.quotas.invitations_max
        })
        .about("Pending invitations of one person.")
        .ends(
            "People miss invitations that they want.",
            "Each hello repeats that many.",
        ),
        number("invitations_each_max", "invitations", 1..=100, |c| {
            &mut of(c).rooms.quotas.invitations_each_max
        })
        .about("Pending invitations of one person from the same inviter.")
        .ends(
            "A friend cannot invite to all their rooms.",
            "One inviter uses up the whole quota.",
        ),
        number("rooms_day_max", "rooms", 1..=1_000_000, |c| {
            &mut of(c).rooms.quotas.rooms_day_max
        })
        .about("Public and private rooms that one account may create within 24 hours.")
        .ends(
            "People who set up a community must wait a day.",
            "One account uses up room names permanently.",
        ),
    ]
}
