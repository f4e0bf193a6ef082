//! The rows of sessions in the configuration: who may enter, and how long they are kept.

use super::{InviteCode, Registration, Settings};
use crate::jwt::JwtKey;
use settings::{
    Contradiction, Setting, Table, Value, days, group, millis, number, parsed, quoted, value,
};

const SECRET: &str = "a secret of at least 32 bytes";

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        let people = [entry(), identities(), lifetimes(), passwords(), quotas()];
        let people = people.into_iter().flatten().collect();
        let mut rows = group("People", people);
        rows.extend(group("Capacity", capacity()));
        rows
    }

    fn check(&self) -> Result<(), Contradiction> {
        self.check_invitation()?;
        self.check_identities()
    }
}

impl Settings {
    fn check_invitation(&self) -> Result<(), Contradiction> {
        match (self.registration, &self.invite_code) {
            (Registration::Invite, None) => Err(Contradiction::new(
                "registration",
                "invite",
                "invite_code to be set too",
            )),
            (Registration::Open | Registration::Off, Some(_)) => Err(Contradiction::hidden(
                "invite_code",
                "registration = \"invite\" to be set too",
            )),
            _ => Ok(()),
        }
    }

    fn check_identities(&self) -> Result<(), Contradiction> {
        let named = [
            ("jwt_issuer", &self.jwt.issuer),
            ("jwt_audience", &self.jwt.audience),
        ];
        let mut named = named
            .iter()
            .filter_map(|(key, value)| Some((*key, value.as_ref()?)));
        match named.next() {
            Some((key, value)) if self.jwt.keys.is_empty() => {
                Err(Contradiction::new(key, value, "jwt_secret to be set too"))
            }
            _ => Ok(()),
        }
    }
}

impl Value for Registration {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "invite" => Some(Self::Invite),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
    fn show(&self) -> String {
        quoted(match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Off => "off",
        })
    }
}

impl Value for InviteCode {
    fn parse(text: &str) -> Option<Self> {
        String::parse(text).map(Self)
    }
    fn show(&self) -> String {
        quoted("…")
    }
}

/// An empty text unsets the key.
fn keys(secret: &str) -> Result<Vec<JwtKey>, String> {
    if secret.is_empty() {
        return Ok(Vec::new());
    }
    let key = JwtKey::hs256(secret.as_bytes());
    key.map(|key| vec![key]).map_err(|_| SECRET.to_owned())
}

fn entry() -> Vec<Setting<Settings>> {
    vec![
        value("guests", "on or off", |c: &mut Settings| &mut c.guests)
            .about("Whether people may enter as guests, with a name only.")
            .ends(
                "Off, everyone needs an account.",
                "On, anyone who reaches the server can write.",
            ),
        value("registration", "open, invite or off", |c: &mut Settings| {
            &mut c.registration
        })
        .about("Who may register an account; invite requires invite_code.")
        .ends("Off, nobody can register.", "Open, anyone can register."),
        value("invite_code", "the code", |c: &mut Settings| {
            &mut c.invite_code
        })
        .secret()
        .about("The code that registration = \"invite\" requires."),
    ]
}

fn identities() -> Vec<Setting<Settings>> {
    vec![
        parsed(
            "jwt_secret",
            SECRET,
            keys,
            |_| quoted(""),
            |c: &mut Settings| &mut c.jwt.keys,
        )
        .secret()
        .about("Secret of trusted identities (JWT, HS256). Unset: no identities are trusted.")
        .ends(
            "A secret under 32 bytes could be guessed and is refused.",
            "",
        ),
        value("jwt_issuer", "the issuer", |c: &mut Settings| {
            &mut c.jwt.issuer
        })
        .about("Required iss of an identity. Unset: any."),
        value("jwt_audience", "the audience", |c: &mut Settings| {
            &mut c.jwt.audience
        })
        .about("Value that aud of an identity must contain. Unset: any."),
    ]
}

fn lifetimes() -> Vec<Setting<Settings>> {
    vec![
        days("session_unseen_days", 1..=3_650, |c: &mut Settings| {
            &mut c.session_unseen
        })
        .about("Time after which an unused session expires.")
        .ends(
            "People must log in again after a holiday.",
            "A lost device stays logged in.",
        ),
        days("guest_unseen_days", 1..=3_650, |c: &mut Settings| {
            &mut c.guest_unseen
        })
        .about("Time after which an unused guest expires.")
        .ends(
            "Guests lose their rooms over a weekend.",
            "Names stay taken.",
        ),
        millis("clean_grace_ms", 0..=600_000, |c: &mut Settings| {
            &mut c.clean_grace
        })
        .about("Delay between leaving and being shown as offline.")
        .ends(
            "Reloading a page shows as leaving and returning.",
            "People who have left still appear online.",
        ),
        millis("lost_grace_ms", 0..=600_000, |c: &mut Settings| {
            &mut c.lost_grace
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

fn passwords() -> Vec<Setting<Settings>> {
    vec![
        number(
            "attempts_per_name",
            "attempts a minute",
            1..=1_000_000_000,
            |c: &mut Settings| &mut c.attempts_per_name,
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
            |c: &mut Settings| &mut c.attempts_per_network,
        )
        .about("Password attempts from one address (IPv6: one /64).")
        .ends(
            "Offices behind one address must wait.",
            "One machine can try many names.",
        ),
        number(
            "hashes_at_once",
            "passwords",
            1..=1_024,
            |c: &mut Settings| &mut c.hashes_at_once,
        )
        .about("Passwords hashed concurrently, each on a thread of lowest priority.")
        .default_is("half of the cores, at least one")
        .ends(
            "Logins queue.",
            "Hashing takes the processor, and 19 MiB per password.",
        ),
        number(
            "hashes_waiting",
            "passwords",
            0..=1_000_000,
            |c: &mut Settings| &mut c.hashes_waiting,
        )
        .about("Passwords waiting to be hashed before more are refused.")
        .ends(
            "Logins in a morning rush are refused.",
            "Logins time out in the queue.",
        ),
    ]
}

fn quotas() -> Vec<Setting<Settings>> {
    vec![
        number(
            "guests_per_network",
            "guests a minute",
            1..=1_000_000_000,
            |c: &mut Settings| &mut c.guests_per_network,
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
            |c: &mut Settings| &mut c.accounts_per_network,
        )
        .about(
            "New accounts from one address (IPv6: one /64); beyond it the error is rate_limited.",
        )
        .ends(
            "A school behind one address must wait.",
            "One machine fills the database permanently.",
        ),
        number(
            "profile_changes",
            "changes a minute",
            1..=1_000_000_000,
            |c: &mut Settings| &mut c.profile_changes,
        )
        .about("Changes of one person's profile or picture; beyond it the error is rate_limited.")
        .ends(
            "People who try out colours must wait.",
            "One person keeps everyone who shares a room with them busy.",
        ),
        number(
            "sessions_per_person",
            "sessions",
            1..=1_000_000_000,
            |c: &mut Settings| &mut c.sessions_per_person,
        )
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

fn capacity() -> Vec<Setting<Settings>> {
    vec![
        number(
            "session_reads_max",
            "reads",
            1..=10_000,
            |c: &mut Settings| &mut c.reads_at_once,
        )
        .about("Concurrent reads of sessions.")
        .ends(
            "Reads queue behind each other.",
            "Reads take every connection of the pool.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Settings {
        let rows = Settings::rows();
        let mut settings = Settings::default();
        for (key, text) in pairs {
            let row = rows.iter().find(|row| row.key() == *key).unwrap();
            assert_eq!(row.set(&mut settings, text), Ok(()), "{key}");
        }
        settings
    }

    #[test]
    fn an_invitation_needs_its_code_and_a_code_its_invitation() {
        let code = ("invite_code", "open sesame");
        for (pairs, wrong) in [
            (&[("registration", "invite")][..], Some("registration")),
            (&[code], Some("invite_code")),
            (&[code, ("registration", "off")], Some("invite_code")),
            (&[code, ("registration", "invite")], None),
            (&[code, ("invite_code", "")], None),
        ] {
            let error = with(pairs).check().err();
            assert_eq!(error.as_ref().map(|error| &*error.key), wrong, "{pairs:?}");
            assert!(!format!("{error:?}").contains("sesame"), "{pairs:?}");
        }
    }

    #[test]
    fn an_issuer_alone_vouches_for_nobody() {
        let issuer = ("jwt_issuer", "https://id.example");
        let secret = ("jwt_secret", "0123456789abcdef0123456789abcdef");
        assert_eq!(with(&[issuer]).check().unwrap_err().key, "jwt_issuer");
        assert_eq!(with(&[issuer, secret]).check(), Ok(()));
        assert_eq!(with(&[secret, ("jwt_secret", "")]).jwt.keys.len(), 0);
    }

    #[test]
    fn a_short_secret_is_refused() {
        let rows = Settings::rows();
        let row = rows.iter().find(|row| row.key() == "jwt_secret").unwrap();
        let mut settings = Settings::default();
        assert_eq!(row.set(&mut settings, "short"), Err(SECRET.to_owned()));
        assert!(row.description().secret);
    }
}
