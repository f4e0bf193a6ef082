//! When a client is pinged, and when it is given up.

use crate::settings::SocketIoSettings;
use std::time::Duration;
use tokio::time::Instant;

/// One ping at a time: the next one follows the answer.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    /// The first ping comes after one interval.
    due: Instant,
    awaits_pong: bool,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Ping,
    Lost,
}

impl Heartbeat {
    pub(super) fn new(now: Instant, settings: &SocketIoSettings) -> Self {
        Self {
            interval: settings.ping_interval,
            timeout: settings.ping_timeout,
            due: now + settings.ping_interval,
            awaits_pong: false,
        }
    }

    /// When [`Heartbeat::beat`] is to be called.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Returns what is due by now.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Beat> {
        if now < self.due {
            return None;
        }
        if self.awaits_pong {
            return Some(Beat::Lost);
        }
        self.awaits_pong = true;
        self.due = now + self.timeout;
        Some(Beat::Ping)
    }

    /// Notes a pong; returns `false` if nobody asked for it.
    pub(super) fn pong(&mut self, now: Instant) -> bool {
        self.due = now + self.interval;
        std::mem::take(&mut self.awaits_pong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_follows_each_interval_and_needs_one_pong() {
        let settings = SocketIoSettings::default();
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut heartbeat = Heartbeat::new(start, &settings);
        assert_eq!(heartbeat.beat(at(24)), None);
        assert_eq!(heartbeat.beat(at(25)), Some(Beat::Ping));
        assert_eq!(heartbeat.beat(at(44)), None);
        assert!(heartbeat.pong(at(44)));
        assert!(!heartbeat.pong(at(44)), "one pong for each ping");
        assert_eq!(heartbeat.due(), at(69));
        assert_eq!(heartbeat.beat(at(69)), Some(Beat::Ping));
        assert_eq!(heartbeat.beat(at(89)), Some(Beat::Lost));
    }
}
