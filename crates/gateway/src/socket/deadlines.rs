//! The deadlines of a connection: its first `hello`, pings and pongs, the expiry of its session.

use crate::Limits;
use crate::limits::on_a_slow_line;
use crate::wire::Time;
use std::time::Duration;
use tokio::time::Instant;

/// How long before its expiry the client is warned.
const WARN_BEFORE: Duration = Duration::from_secs(60);

pub(super) struct Deadlines {
    /// When the last byte came from the client.
    last_received: Instant,
    /// When the client was pinged since then.
    pinged_at: Option<Instant>,
    /// Deadline of the first `hello`; `None` once it has succeeded.
    hello_by: Option<Instant>,
    /// No message has come yet; the first one should be the `hello`.
    awaits_first_message: bool,
    expires: Option<Expiry>,
}

struct Expiry {
    at: Instant,
    warned: bool,
}

/// What the connection's task has to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Ping,
    NoPong,
    NoHello,
    ExpiryWarning(Duration),
    Expired,
}

impl Deadlines {
    pub(super) fn new(now: Instant, limits: &Limits) -> Self {
        Self {
            last_received: now,
            pinged_at: None,
            hello_by: Some(now + limits.hello_within),
            awaits_first_message: true,
            expires: None,
        }
    }

    /// Notes that bytes came from the client: any of them, even a part of a frame, answers a ping.
    pub(super) fn received(&mut self, now: Instant) {
        self.last_received = now;
        self.pinged_at = None;
    }

    /// Notes that a message began at `since` and that `received` bytes of it have come. The first message
    /// gets the time that they take on a slow line.
    pub(super) fn receiving(&mut self, since: Instant, received: u32, limits: &Limits) {
        if self.awaits_first_message {
            let by = since + limits.hello_within + on_a_slow_line(received);
            self.hello_by = self.hello_by.map(|hello_by| hello_by.max(by));
        }
    }

    /// Notes that a whole message has come.
    pub(super) fn message_received(&mut self) {
        self.awaits_first_message = false;
    }

    /// Notes a successful `hello`; the session expires at `expires_at` (ms since 1970), if ever.
    pub(super) fn authenticated(&mut self, now: Instant, expires_at: Option<i64>) {
        self.hello_by = None;
        self.expires = expires_at.map(|at| {
            let left = u64::try_from(at - Time::now().0).unwrap_or(0);
            Expiry {
                at: now + Duration::from_millis(left),
                warned: false,
            }
        });
    }

    /// Returns the next deadline.
    pub(super) fn next(&self, limits: &Limits) -> Instant {
        if let Some(by) = self.hello_by {
            return by;
        }
        let alive = match self.pinged_at {
            Some(at) => at + limits.pong_within,
            None => self.last_received + limits.ping_every,
        };
        let expiry = self.expires.as_ref().map(|expiry| {
            if expiry.warned {
                expiry.at
            } else {
                expiry
                    .at
                    .checked_sub(WARN_BEFORE)
                    .unwrap_or(self.last_received)
            }
        });
        expiry.map_or(alive, |expiry| expiry.min(alive))
    }

    /// Returns what is due now, each thing once.
    pub(super) fn due(&mut self, now: Instant, limits: &Limits) -> Option<Due> {
        // Only `err` may precede the reply to `hello`, so nobody is pinged before.
        if let Some(by) = self.hello_by {
            return (by <= now).then_some(Due::NoHello);
        }
        if let Some(due) = self.expires.as_mut().and_then(|expiry| expiry.due(now)) {
            return Some(due);
        }
        match self.pinged_at {
            Some(at) if at + limits.pong_within <= now => Some(Due::NoPong),
            None if self.last_received + limits.ping_every <= now => {
                self.pinged_at = Some(now);
                Some(Due::Ping)
            }
            _ => None,
        }
    }
}

impl Expiry {
    fn due(&mut self, now: Instant) -> Option<Due> {
        if self.at <= now {
            return Some(Due::Expired);
        }
        let left = self.at - now;
        if left > WARN_BEFORE || std::mem::replace(&mut self.warned, true) {
            return None;
        }
        Some(Due::ExpiryWarning(left))
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadlines, Due};
    use crate::Limits;
    use crate::wire::Time;
    use std::time::Duration;
    use tokio::time::Instant;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_client_is_pinged_and_then_given_up() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut deadlines = Deadlines::new(start, &limits);
        deadlines.authenticated(start, None);
        assert_eq!(deadlines.next(&limits), start + 25 * S);
        assert_eq!(deadlines.due(start + 24 * S, &limits), None);
        assert_eq!(deadlines.due(start + 25 * S, &limits), Some(Due::Ping));
        assert_eq!(deadlines.next(&limits), start + 35 * S);
        assert_eq!(deadlines.due(start + 34 * S, &limits), None);
        assert_eq!(deadlines.due(start + 35 * S, &limits), Some(Due::NoPong));
    }

    #[test]
    fn any_frame_answers_a_ping() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut deadlines = Deadlines::new(start, &limits);
        deadlines.authenticated(start, None);
        assert_eq!(deadlines.due(start + 25 * S, &limits), Some(Due::Ping));
        deadlines.received(start + 30 * S);
        assert_eq!(deadlines.due(start + 40 * S, &limits), None);
        assert_eq!(deadlines.due(start + 55 * S, &limits), Some(Due::Ping));
    }

    #[test]
    fn without_hello_it_ends_after_ten_seconds_however_chatty() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut deadlines = Deadlines::new(start, &limits);
        deadlines.received(start + 9 * S);
        assert_eq!(deadlines.next(&limits), start + 10 * S);
        assert_eq!(deadlines.due(start + 10 * S, &limits), Some(Due::NoHello));
    }

    #[test]
    fn a_hello_on_a_slow_line_has_the_time_that_its_bytes_take() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut deadlines = Deadlines::new(start, &limits);
        // At 400 bytes a second.
        for second in 1..=100 {
            let now = start + second * S;
            deadlines.receiving(start, 400 * second, &limits);
            assert_eq!(deadlines.due(now, &limits), None, "after {second} s");
        }
        assert_eq!(deadlines.next(&limits), start + 170 * S);
        deadlines.message_received();
        deadlines.receiving(start + 100 * S, 60_000, &limits);
        assert_eq!(deadlines.next(&limits), start + 170 * S, "only the first");
    }

    #[test]
    fn a_dripped_hello_ends_soon() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut deadlines = Deadlines::new(start, &limits);
        for second in 1..=10 {
            deadlines.receiving(start, 10 * second, &limits);
        }
        assert_eq!(deadlines.due(start + 11 * S, &limits), Some(Due::NoHello));
    }

    #[test]
    fn nobody_is_pinged_before_hello() {
        let (limits, start) = (Limits::default(), Instant::now());
        let limits = Limits {
            ping_every: S,
            ..limits
        };
        let mut deadlines = Deadlines::new(start, &limits);
        assert_eq!(deadlines.next(&limits), start + 10 * S);
        assert_eq!(deadlines.due(start + 9 * S, &limits), None);
        deadlines.authenticated(start + 9 * S, None);
        assert_eq!(deadlines.due(start + 9 * S, &limits), Some(Due::Ping));
    }

    #[test]
    fn an_expiring_session_is_warned_once_and_then_closed() {
        let (limits, start) = (Limits::default(), Instant::now());
        let mut deadlines = Deadlines::new(start, &limits);
        deadlines.authenticated(start, Some(Time::now().0 + 90_000));
        deadlines.received(start + 40 * S);
        assert_eq!(deadlines.due(start + 20 * S, &limits), None);
        let warned = deadlines.due(start + 40 * S, &limits);
        assert!(
            matches!(warned, Some(Due::ExpiryWarning(left)) if left <= 50 * S && left > 49 * S)
        );
        assert_eq!(deadlines.due(start + 41 * S, &limits), None);
        assert_eq!(deadlines.due(start + 91 * S, &limits), Some(Due::Expired));
    }
}
