//! What one person may begin with others before these have agreed to it.

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
            "People cannot write to several others who are away.",
            "One account writes to everybody.",
        ),
        number("direct_unanswered_guest_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.quotas.direct_unanswered_guest_max
        })
        .about("The same for one guest.")
        .ends(
            "Guests cannot write first to more than a few.",
            "One guest writes to everybody.",
        ),
        number("direct_day_max", "rooms", 1..=1_000_000, |c| {
            &mut of(c).rooms.quotas.direct_day_max
        })
        .about("Direct rooms that one account opens within 24 hours, answered or not.")
        .ends(
            "People who meet many others are refused.",
            "Whoever is declined goes on to the next.",
        ),
        number("direct_day_guest_max", "rooms", 1..=1_000_000, |c| {
            &mut of(c).rooms.quotas.direct_day_guest_max
        })
        .about("The same for one guest.")
        .ends(
            "Guests who meet many others are refused.",
            "Whoever is declined goes on to the next.",
        ),
        number("direct_waiting_max", "rooms", 1..=100_000, |c| {
            &mut of(c).rooms.quotas.direct_waiting_max
        })
        .about("Direct rooms that wait for one person's answer; guests open at most half of them.")
        .ends(
            "A few strangers keep all others from writing first.",
            "That person's hello reads as many besides rooms_max.",
        ),
        number("invitations_max", "invitations", 1..=100, |c| {
            &mut of(c).rooms.quotas.invitations_max
        })
        .about("Invitations that one person has and has neither used nor declined.")
        .ends(
            "People miss invitations that they want.",
            "Their hello repeats as many.",
        ),
        number("invitations_each_max", "invitations", 1..=100, |c| {
            &mut of(c).rooms.quotas.invitations_each_max
        })
        .about("How many of those may be from one person.")
        .ends(
            "A friend cannot show all their rooms.",
            "One person takes all the places.",
        ),
        number("rooms_day_max", "rooms", 1..=1_000_000, |c| {
            &mut of(c).rooms.quotas.rooms_day_max
        })
        .about("Public and private rooms that one account makes within 24 hours.")
        .ends(
            "People who set up a community wait a day.",
            "One account spends names for ever.",
        ),
    ]
}
