//! Who may enter: guests, accounts and signed identities, and how long they are kept.

use super::of;
use crate::config::Config;
use crate::config::setting::{Setting, days, millis, number, value};

pub(super) fn rows() -> Vec<Setting<Config>> {
    [entry(), identities(), lifetimes(), passwords(), quotas()]
        .into_iter()
        .flatten()
        .collect()
}

fn entry() -> Vec<Setting<Config>> {
    vec![
        value("guests", "on or off", |c| &mut of(c).sessions.guests)
            .about("Whether people may enter as guests, with a name only.")
            .ends(
                "Off, everyone needs an account.",
                "On, anyone who reaches the server can write.",
            ),
        value("registration", "open, invite or off", |c| {
            &mut of(c).registration
        })
        .about("Who may register an account; invite requires invite_code.")
        .ends("Off, nobody can register.", "Open, anyone can register."),
        value("invite_code", "the code", |c| &mut of(c).invite_code)
            .secret()
            .about("The code that registration = \"invite\" requires."),
    ]
}

fn identities() -> Vec<Setting<Config>> {
    vec![
        value("jwt_secret", "a secret of at least 32 bytes", |c| {
            &mut of(c).jwt_secret
        })
        .secret()
        .about("Secret of trusted identities (JWT, HS256). Unset: no identities are trusted.")
        .ends(
            "A secret under 32 bytes could be guessed and is refused.",
            "",
        ),
        value("jwt_issuer", "the issuer", |c| &mut of(c).jwt_issuer)
            .about("Required iss of an identity. Unset: any."),
        value("jwt_audience", "the audience", |c| &mut of(c).jwt_audience)
            .about("Value that aud of an identity must contain. Unset: any."),
    ]
}

fn lifetimes() -> Vec<Setting<Config>> {
    vec![
        days("session_unseen_days", 1..=3_650, |c| {
            &mut of(c).sessions.session_unseen
        })
        .about("Time after which an unused session expires.")
        .ends(
            "People must log in again after a holiday.",
            "A lost device stays logged in.",
        ),
        days("guest_unseen_days", 1..=3_650, |c| {
            &mut of(c).sessions.guest_unseen
        })
        .about("Time after which an unused guest expires.")
        .ends(
            "Guests lose their rooms over a weekend.",
            "Names stay taken.",
        ),
        days("retention_days", 0..=36_500, |c| {
            &mut of(c).rooms.retention
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
            |c| &mut of(c).rooms.retention_run_max,
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
        millis("clean_grace_ms", 0..=600_000, |c| {
            &mut of(c).sessions.clean_grace
        })
        .about("Delay between leaving and being shown as offline.")
        .ends(
            "Reloading a page shows as leaving and returning.",
            "People who have left still appear online.",
        ),
        millis("lost_grace_ms", 0..=600_000, |c| {
            &mut of(c).sessions.lost_grace
        })
        .about(
            "Delay between a lost connection, or the start of the server, and being shown as \
             offline.",
        )
        .ends(
            "Every short network outage and restart shows as leaving.",
            "Disconnected people appear online for long.",
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
        .about("Password attempts for one account name.")
        .ends(
            "A stranger can lock people out by guessing passwords.",
            "Passwords can be guessed.",
        ),
        number(
            "attempts_per_network",
            "attempts a minute",
            1..=1_000_000_000,
            |c| &mut of(c).sessions.attempts_per_network,
        )
        .about("Password attempts from one address (IPv6: one /64).")
        .ends(
            "Offices behind one address must wait.",
            "One machine can try many names.",
        ),
        number("hashes_at_once", "passwords", 1..=1_024, |c| {
            &mut of(c).sessions.hashes_at_once
        })
        .about("Passwords hashed concurrently, each on a thread of lowest priority.")
        .default_is("half of the cores, at least one")
        .ends(
            "Logins queue.",
            "Hashing takes the processor, and 19 MiB per password.",
        ),
        number("hashes_waiting", "passwords", 0..=1_000_000, |c| {
            &mut of(c).sessions.hashes_waiting
        })
        .about("Passwords waiting to be hashed before more are refused.")
        .ends(
            "Logins in a morning rush are refused.",
            "Logins time out in the queue.",
        ),
    ]
}

fn quotas() -> Vec<Setting<Config>> {
    vec![
        number(
            "guests_per_network",
            "guests a minute",
            1..=1_000_000_000,
            |c| &mut of(c).sessions.guests_per_network,
        )
        .about(
            "New guests, and first entries with an identity, from one address (IPv6: one /64); \
             beyond it the error is rate_limited. Scales up with connections_per_address above \
             256.",
        )
        .ends(
            "A school behind one address must wait to enter.",
            "One machine takes many names and keeps the database busy.",
        ),
        number(
            "accounts_per_network",
            "accounts an hour",
            1..=1_000_000_000,
            |c| &mut of(c).sessions.accounts_per_network,
        )
        .about(
            "New accounts from one address (IPv6: one /64); beyond it the error is rate_limited.",
        )
        .ends(
            "A school behind one address must wait.",
            "One machine fills the database permanently.",
        ),
        number("sessions_per_person", "sessions", 1..=1_000_000_000, |c| {
            &mut of(c).sessions.sessions_per_person
        })
        .about(
            "Sessions of one person. A further session ends the one that was unused for longest; \
             if all are connected, the error is limit_reached.",
        )
        .ends(
            "Devices log each other out.",
            "One person fills the database.",
        ),
    ]
}
