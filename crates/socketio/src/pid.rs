//! The private id with which a client comes back: it names the session, so that any process of the server
//! understands it.
//!
//! Whoever authenticates in CONNECT gets a pid that holds the session's token. Whoever authenticates later
//! has a pid by then, so it holds random bits instead, and each offset holds the token masked by them: an
//! offset alone, which front ends may log, opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longest pid, bytes.
const PID_MAX: usize = 1024;
/// Bytes of a session's token.
const TOKEN_BYTES: usize = 32;

/// A private id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pid {
    pub(crate) secret: PidSecret,
    /// Names the client among those of its session.
    pub(crate) tab: String,
    /// Counts the connections that were not recovered: a client learns from another pid that it was not.
    pub(crate) generation: u32,
    /// The guest's name that it asked for, if it did in CONNECT.
    pub(crate) guest: Option<String>,
}

/// What leads to the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PidSecret {
    Session(Resumable),
    Mask([u8; TOKEN_BYTES]),
}

/// What a session is resumed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resumable {
    pub(crate) token: String,
    /// The store that cursors are of.
    pub(crate) epoch: String,
}

impl Pid {
    /// Returns the pid of a client that has not authenticated yet.
    pub(crate) fn of_stranger() -> Self {
        Self {
            secret: PidSecret::Mask(rand::random()),
            tab: random_name(),
            generation: 0,
            guest: None,
        }
    }

    /// Returns the pid of a client that has authenticated in CONNECT; `before` is the one that it came with.
    pub(crate) fn of_session(
        resumable: Resumable,
        guest: Option<String>,
        before: Option<&Self>,
    ) -> Self {
        Self {
            secret: PidSecret::Session(resumable),
            tab: before.map_or_else(random_name, |pid| pid.tab.clone()),
            generation: before.map_or(0, |pid| pid.generation.wrapping_add(1)),
            guest,
        }
    }

    /// Returns what follows an offset, if the token is not in the pid.
    pub(crate) fn offset_suffix(&self, resumable: &Resumable) -> String {
        let PidSecret::Mask(mask) = &self.secret else {
            return String::new();
        };
        let bits = URL_SAFE_NO_PAD.decode(&resumable.token).ok();
        let bits = bits.and_then(|bits| <[u8; TOKEN_BYTES]>::try_from(bits).ok());
        // Without a token of the usual form the client cannot be recovered, and starts anew.
        let Some(bits) = bits else {
            return String::new();
        };
        let masked = URL_SAFE_NO_PAD.encode(masked(bits, mask));
        format!(".{masked}.{}", resumable.epoch)
    }

    /// Returns what the session is resumed with, given the suffix of the last offset.
    pub(crate) fn resumable(&self, suffix: Option<&str>) -> Option<Resumable> {
        let mask = match &self.secret {
            PidSecret::Session(resumable) => return Some(resumable.clone()),
            PidSecret::Mask(mask) => mask,
        };
        let (token, epoch) = suffix?.split_once('.')?;
        let bits = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        Some(Resumable {
            token: URL_SAFE_NO_PAD.encode(masked(bits, mask)),
            epoch: epoch.to_owned(),
        })
    }

    pub(crate) fn encode(&self) -> String {
        let Self {
            tab, generation, ..
        } = self;
        match &self.secret {
            PidSecret::Session(Resumable { token, epoch }) => {
                let guest = URL_SAFE_NO_PAD.encode(self.guest.as_deref().unwrap_or_default());
                format!("s.{token}.{epoch}.{tab}.{generation}.{guest}")
            }
            PidSecret::Mask(mask) => {
                format!("m.{}.{tab}.{generation}", URL_SAFE_NO_PAD.encode(mask))
            }
        }
    }

    /// Reads a pid; `None` if it is none of this server's.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() > PID_MAX {
            return None;
        }
        let parts: Vec<_> = text.split('.').collect();
        let (secret, tab, generation, guest) = match parts[..] {
            ["s", token, epoch, tab, generation, guest] => {
                let (token, epoch) = (token.to_owned(), epoch.to_owned());
                let secret = PidSecret::Session(Resumable { token, epoch });
                (secret, tab, generation, guest)
            }
            ["m", mask, tab, generation] => {
                let mask = URL_SAFE_NO_PAD.decode(mask).ok()?.try_into().ok()?;
                (PidSecret::Mask(mask), tab, generation, "")
            }
            _ => return None,
        };
        let guest = String::from_utf8(URL_SAFE_NO_PAD.decode(guest).ok()?).ok()?;
        Some(Self {
            secret,
            tab: tab.to_owned(),
            generation: generation.parse().ok()?,
            guest: Some(guest).filter(|guest| !guest.is_empty()),
        })
    }
}

/// Returns an unpredictable name.
pub(crate) fn random_name() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 12]>())
}

fn masked(mut bits: [u8; TOKEN_BYTES], mask: &[u8; TOKEN_BYTES]) -> [u8; TOKEN_BYTES] {
    for (bit, mask) in bits.iter_mut().zip(mask) {
        *bit ^= mask;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resumable() -> Resumable {
        Resumable {
            token: URL_SAFE_NO_PAD.encode([7; TOKEN_BYTES]),
            epoch: "5f1c-00000001".to_owned(),
        }
    }

    #[test]
    fn a_pid_comes_back_as_it_was() {
        let guest = Some("ålice.x".to_owned());
        let first = Pid::of_session(resumable(), guest.clone(), None);
        assert_eq!(Pid::read(&first.encode()), Some(first.clone()));
        assert_eq!(first.resumable(None), Some(resumable()));
        assert_eq!(first.offset_suffix(&resumable()), "");
        let next = Pid::of_session(resumable(), None, Some(&first));
        assert_eq!((&next.tab, next.generation), (&first.tab, 1));
        assert_ne!(next.encode(), first.encode());
    }

    #[test]
    fn a_strangers_offsets_say_nothing_without_the_pid() {
        let (pid, other) = (Pid::of_stranger(), Pid::of_stranger());
        assert_eq!(Pid::read(&pid.encode()), Some(pid.clone()));
        let suffix = pid.offset_suffix(&resumable());
        let suffix = suffix.strip_prefix('.').unwrap();
        assert!(!suffix.contains(&resumable().token));
        assert_eq!(pid.resumable(Some(suffix)), Some(resumable()));
        let wrong = other.resumable(Some(suffix)).unwrap();
        assert_ne!(wrong.token, resumable().token);
        for broken in [None, Some(""), Some("AA.x"), Some("?.x"), Some("AA")] {
            assert_eq!(pid.resumable(broken), None, "{broken:?}");
        }
        let odd = Resumable {
            token: "short".to_owned(),
            epoch: "e".to_owned(),
        };
        assert_eq!(pid.offset_suffix(&odd), "");
    }

    #[test]
    fn what_is_no_pid_is_not_read() {
        let long = format!("s.{}.e.t.0.", "x".repeat(PID_MAX));
        for text in [
            "",
            "s",
            "m",
            "x.a.b.0",
            "m.AA.t.0",
            "m..t.0",
            "s.a.b.c.d.",
            "s.a.b.c.0.?",
            "s.a.b.c.-1.",
            "s.a.b.c.0.A",
            "s.a.b.c.4294967296.",
            "s.a.b.c.0..",
            &long,
        ] {
            assert_eq!(Pid::read(text), None, "{text}");
        }
    }
}
