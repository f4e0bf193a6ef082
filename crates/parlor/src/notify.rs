//! What the service manager is told: ready, stopping, and that the process is alive; systemd's
//! `sd_notify`. Without a manager that asks for it nothing is said.

use bus::{Bus, BusMetrics, Tasks};
use gateway::{Health, Status};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr as InternetAddress;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// A subscriber that has not come to an event for so long is stuck: handlers are cut off long
/// before.
const STUCK: Duration = Duration::from_secs(30);

/// What the service manager wants to hear, from its variables of the environment.
#[derive(Debug, Default)]
pub(crate) struct NotifyConfig {
    /// `NOTIFY_SOCKET`
    pub(crate) socket: Option<OsString>,
    /// `WATCHDOG_USEC`
    pub(crate) watchdog_us: Option<String>,
    /// `WATCHDOG_PID`
    pub(crate) watchdog_pid: Option<String>,
}

/// The service manager, if there is one.
pub(crate) struct Manager {
    line: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Manager {
    /// The one that wants to hear this.
    pub(crate) fn new(wanted: &NotifyConfig) -> Self {
        let line = wanted.socket.as_ref().and_then(|socket| {
            line(socket)
                .inspect_err(|error| tracing::warn!(%error, "NOTIFY_SOCKET cannot be used"))
                .ok()
        });
        Self {
            line,
            watchdog: watchdog(wanted),
        }
    }

    /// People can connect.
    pub(crate) fn ready(&self, address: InternetAddress) {
        self.tell(&format!("READY=1\nSTATUS=serving on {address}"));
    }

    /// It is going to end, whoever asked for it.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping");
    }

    /// Says thrice per interval that the process is well, as long as it is. That this task gets its
    /// turn is half of the news.
    pub(crate) fn watched(&self, tasks: &Tasks, bus: &Bus, health: &Health) {
        let (Some(interval), Some((socket, address))) = (self.watchdog, &self.line) else {
            return;
        };
        let Ok(socket) = socket.try_clone() else {
            tracing::warn!("without a socket of its own the watchdog is not told anything");
            return;
        };
        let alive = Manager {
            line: Some((socket, address.clone())),
            watchdog: None,
        };
        let (bus, health) = (bus.clone(), health.clone());
        tasks.periodic("parlor", "watchdog", interval / 3, 0.0, move || {
            if is_well(&bus.metrics(), health.status()) {
                alive.tell("WATCHDOG=1");
            }
            std::future::ready(Ok(()))
        });
    }

    fn tell(&self, what: &str) {
        let Some((socket, address)) = &self.line else {
            return;
        };
        if let Err(error) = socket.send_to_addr(what.as_bytes(), address) {
            tracing::warn!(%error, what, "the service manager does not listen");
        }
    }
}

/// A path, or a name in the abstract space behind an `@`.
fn line(socket: &OsString) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let line = UnixDatagram::unbound()?;
    // News may be lost; a manager that reads nothing must not hold us up.
    line.set_nonblocking(true)?;
    Ok((line, address))
}

fn watchdog(wanted: &NotifyConfig) -> Option<Duration> {
    let meant = wanted.watchdog_pid.as_ref();
    if meant.is_some_and(|pid| *pid != std::process::id().to_string()) {
        return None;
    }
    let interval = wanted.watchdog_us.as_ref()?.parse().ok()?;
    (interval > 0).then(|| Duration::from_micros(interval))
}

/// A database that is away holds subscribers up, and a restart would not bring it back.
fn is_well(bus: &BusMetrics, status: Status) -> bool {
    let subscribers = bus.subscribers.iter();
    let is_stuck = subscribers
        .filter(|subscriber| subscriber.essential)
        .any(|subscriber| subscriber.oldest >= STUCK);
    !is_stuck || status == Status::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::SubscriberMetrics;

    fn metrics(essential: bool, oldest: Duration) -> BusMetrics {
        BusMetrics {
            published: 1,
            credits_free: 1,
            credits: 1,
            subscribers: vec![SubscriberMetrics {
                name: "rooms",
                essential,
                depth: 1,
                oldest,
                handled: 0,
                failed: 0,
                slowest: Duration::ZERO,
                missed: 0,
            }],
        }
    }

    #[test]
    fn a_stuck_subscriber_is_not_well() {
        let second = Duration::from_secs(1);
        assert!(is_well(&metrics(true, second), Status::Ok));
        assert!(!is_well(&metrics(true, STUCK), Status::Ok));
        assert!(!is_well(&metrics(true, STUCK), Status::Degraded));
    }

    #[test]
    fn one_that_nobody_waits_for_may_be_behind() {
        assert!(is_well(&metrics(false, STUCK), Status::Ok));
    }

    #[test]
    fn without_its_database_the_process_is_as_well_as_it_can_be() {
        assert!(is_well(&metrics(true, STUCK), Status::Unavailable));
    }

    #[test]
    fn a_watchdog_of_another_process_is_none_of_ours() {
        let wanted = |pid: Option<&str>, us: &str| NotifyConfig {
            socket: None,
            watchdog_us: Some(us.to_owned()),
            watchdog_pid: pid.map(str::to_owned),
        };
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(&wanted(None, "1000000")), second);
        let own = std::process::id().to_string();
        assert_eq!(watchdog(&wanted(Some(&own), "1000000")), second);
        assert_eq!(watchdog(&wanted(Some("1"), "1000000")), None);
        assert_eq!(watchdog(&wanted(None, "0")), None);
        assert_eq!(watchdog(&wanted(None, "soon")), None);
    }
}
