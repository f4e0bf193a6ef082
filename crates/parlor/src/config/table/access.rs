//! Who gets in: guests, accounts, signed identities, and how long they are kept.

use super::of;
use crate::config::Config;
use crate::config::setting::{Setting, days, millis, number, value};

pub(super) fn rows() -> Vec<Setting<Config>> {
    [doors(), identities(), ages(), passwords(), quotas()]
        .into_iter()
        .flatten()
        .collect()
}

fn doors() -> Vec<Setting<Config>> {
    vec![
        value("guests", "on or off", |c| &mut of(c).sessions.guests)
            .about("Whether people may come in with a name alone.")
            .ends(
                "Off, everyone needs an account.",
                "On, anyone who reaches the server talks.",
            ),
        value("registration", "open, invite or off", |c| {
            &mut of(c).registration
        })
        .about("Who may make an account; invite asks for invite_code.")
        .ends("Off, nobody new gets an account.", "Open, anyone gets one."),
        value("invite_code", "the code", |c| &mut of(c).invite_code)
            .secret()
            .about("The code that registration = \"invite\" asks for."),
    ]
}

fn identities() -> Vec<Setting<Config>> {
    vec![
        value("jwt_secret", "a secret of at least 32 bytes", |c| {
            &mut of(c).jwt_secret
        })
        .secret()
        .about("Secret of the identities (JWT, HS256) that are trusted. Unset: none are.")
        .ends("Short, it can be guessed: it is refused.", ""),
        value("jwt_issuer", "the issuer", |c| &mut of(c).jwt_issuer)
            .about("What iss of an identity must be. Unset: anything."),
        value("jwt_audience", "the audience", |c| &mut of(c).jwt_audience)
            .about("What aud of an identity must hold. Unset: anything."),
    ]
}

fn ages() -> Vec<Setting<Config>> {
    vec![
        days("session_unseen_days", 1..=3_650, |c| {
            &mut of(c).sessions.session_unseen
        })
        .about("A session unseen for so long ends.")
        .ends(
            "People on holiday log in again.",
            "A lost device stays logged in.",
        ),
        days("guest_unseen_days", 1..=3_650, |c| {
            &mut of(c).sessions.guest_unseen
        })
        .about("A guest unseen for so long ends.")
        .ends(
            "Guests lose their rooms over a weekend.",
            "Names stay taken.",
        ),
        days("retention_days", 0..=36_500, |c| {
            &mut of(c).rooms.retention
        })
        .about(
            "Messages and other entries older than this are taken out of their room; 0: they are \
             kept for ever. A room's last entry stays, and places do not change. A send that is \
             repeated later than this is a new message.",
        )
        .ends(
            "People miss what they have not read yet.",
            "The database grows.",
        ),
        number(
            "retention_run_max",
            "entries in ten minutes",
            500..=1_000_000_000,
            |c| &mut of(c).rooms.retention_run_max,
        )
        .about(
            "Old entries taken away in one run, every ten minutes. The log says how many that were. \
             While the clock stands more than a day from the last time that the store has seen, \
             nothing is taken: until the clock is set right, or has run evenly for a day.",
        )
        .ends(
            "A busy server keeps entries for longer than retention_days.",
            "A mistake takes much before anyone notices; writes wait for the runs.",
        ),
        millis("clean_grace_ms", 0..=600_000, |c| {
            &mut of(c).sessions.clean_grace
        })
        .about("From leaving to being shown as offline.")
        .ends(
            "A reload shows as leaving and coming.",
            "People who left seem to be there.",
        ),
        millis("lost_grace_ms", 0..=600_000, |c| {
            &mut of(c).sessions.lost_grace
        })
        .about("From a lost connection, or the server's start, to being shown as offline.")
        .ends(
            "Every tunnel and restart shows as leaving.",
            "The dead seem alive.",
        ),
    ]
}

fn passwords() -> Vec<Setting<Config>> {
    vec![
        number(
            "attempts_per_name",
            "attempts a minute",
            1..=1_000_000_000,
            |c| &mut of(c).sessions.attempts_per_name,
        )
        .about("Password attempts for one name.")
        .ends(
            "A stranger keeps people out by guessing at them.",
            "Passwords can be guessed.",
        ),
        number(
            "attempts_per_network",
            "attempts a minute",
            1..=1_000_000_000,
            |c| &mut of(c).sessions.attempts_per_network,
        )
        .about("Password attempts of one address (IPv6: of one /64).")
        .ends(
            "Offices behind one address wait.",
            "One machine tries many names.",
        ),
        number("hashes_at_once", "passwords", 1..=1_024, |c| {
            &mut of(c).sessions.hashes_at_once
        })
        .about("Passwords hashed at once, each on a thread of the lowest priority.")
        .default_is("half of the cores, at least one")
        .ends("Logins queue.", "They take the processor, and 19 MiB each."),
        number("hashes_waiting", "passwords", 0..=1_000_000, |c| {
            &mut of(c).sessions.hashes_waiting
        })
        .about("Passwords waiting to be hashed before more are refused.")
        .ends(
            "A morning's rush is refused.",
            "Logins run out of time in the queue.",
        ),
    ]
}

fn quotas() -> Vec<Setting<Config>> {
    vec![
        number("guests_per_network", "guests a minute", 1..=1_000_000_000, |c| {
            &mut of(c).sessions.guests_per_network
        })
        .about(
            "New guests of one address (IPv6: of one /64), and people who come with an identity for \
             the first time; then rate_limited. In proportion more where connections_per_address is \
             above 256.",
        )
        .ends(
            "A school behind one address waits at the door.",
            "One machine takes the names and keeps the database busy.",
        ),
        number("accounts_per_network", "accounts an hour", 1..=1_000_000_000, |c| {
            &mut of(c).sessions.accounts_per_network
        })
        .about("New accounts of one address (IPv6: of one /64); then rate_limited.")
        .ends(
            "A school behind one address waits.",
            "One machine fills the database for ever.",
        ),
        number("sessions_per_person", "sessions", 1..=1_000_000_000, |c| {
            &mut of(c).sessions.sessions_per_person
        })
        .about(
            "Sessions of one person. For a further one the one that was unseen for longest ends; if \
             all are connected, the answer is limit_reached.",
        )
        .ends(
            "Devices push each other out.",
            "One person fills the database.",
        ),
    ]
}
