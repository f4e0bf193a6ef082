//! Notifies the service manager (systemd's `sd_notify`) that the server is starting, ready, stopping
//! and alive. Does nothing without `NOTIFY_SOCKET`.

use bus::{Bus, BusMetrics, Tasks};
use gateway::{Health, Status};
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr as InternetAddress;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// A subscriber whose oldest event has waited for this long is stuck: a handler is cut off long
/// before.
const STUCK: Duration = Duration::from_secs(30);

/// The service manager's environment variables.
#[derive(Debug, Default)]
pub(crate) struct NotifyConfig {
    /// `NOTIFY_SOCKET`: a path, or `@` and an abstract name.
    pub(crate) socket: Option<OsString>,
    /// `WATCHDOG_USEC`: without a sign of life for so many microseconds the process is killed.
    pub(crate) watchdog_us: Option<String>,
    /// `WATCHDOG_PID`: the process that the watchdog watches; unset: this one.
    pub(crate) watchdog_pid: Option<String>,
}

/// The service manager; does nothing if there is none.
pub(crate) struct ServiceManager {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Opens the notification socket; logs a warning and goes on without it if that fails.
    pub(crate) fn new(config: &NotifyConfig) -> Self {
        let socket = config.socket.as_ref().and_then(|name| {
            open_socket(name)
                .inspect_err(|error| tracing::warn!(%error, "cannot open NOTIFY_SOCKET"))
                .ok()
        });
        Self {
            socket,
            watchdog: watchdog_interval(config),
        }
    }

    /// Reports what the start waits for, and asks for this much more time.
    pub(crate) fn starting(&self, more: Duration, status: &str) {
        // A line end would begin another field.
        let status = status.replace('\n', " ");
        let microseconds = more.as_micros();
        self.notify(&format!(
            "EXTEND_TIMEOUT_USEC={microseconds}\nSTATUS={status}"
        ));
    }

    /// Reports that the server accepts connections.
    pub(crate) fn ready(&self, address: InternetAddress) {
        self.notify(&format!("READY=1\nSTATUS=serving on {address}"));
    }

    /// Reports that the server is stopping.
    pub(crate) fn stopping(&self) {
        self.notify("STOPPING=1\nSTATUS=stopping");
    }

    /// Reports three times per watchdog interval that the process is alive, as long as no
    /// subscriber is stuck. A runtime that is blocked does not run this task, so that the watchdog
    /// fires then too.
    pub(crate) fn start_watchdog(&self, tasks: &Tasks, bus: &Bus, health: &Health) {
        let (Some(interval), Some((socket, address))) = (self.watchdog, &self.socket) else {
            return;
        };
        let Ok(socket) = socket.try_clone() else {
            tracing::warn!(
                "cannot clone the notification socket: the watchdog will kill this process"
            );
            return;
        };
        let alive = ServiceManager {
            socket: Some((socket, address.clone())),
            watchdog: None,
        };
        let (bus, health) = (bus.clone(), health.clone());
        tasks.periodic("parlor", "watchdog", interval / 3, 0.0, move || {
            if is_alive(&bus.metrics(), health.status()) {
                alive.notify("WATCHDOG=1");
            }
            std::future::ready(Ok(()))
        });
    }

    fn notify(&self, what: &str) {
        let Some((socket, address)) = &self.socket else {
            return;
        };
        if let Err(error) = socket.send_to_addr(what.as_bytes(), address) {
            tracing::warn!(%error, what, "the service manager does not listen on NOTIFY_SOCKET");
        }
    }
}

/// Opens a datagram socket to a path, or to an abstract name after `@`.
fn open_socket(name: &OsString) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(abstract_name) => SocketAddr::from_abstract_name(abstract_name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    // A notification may be lost; a manager that does not read must not block the server.
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}

fn watchdog_interval(config: &NotifyConfig) -> Option<Duration> {
    let watched = config.watchdog_pid.as_ref();
    if watched.is_some_and(|pid| *pid != std::process::id().to_string()) {
        return None;
    }
    let interval = config.watchdog_us.as_ref()?.parse().ok()?;
    (interval > 0).then(|| Duration::from_micros(interval))
}

/// Returns whether no essential subscriber is stuck. An unavailable database excuses them, as a
/// restart would not bring it back.
fn is_alive(bus: &BusMetrics, status: Status) -> bool {
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
        assert!(is_alive(&metrics(true, second), Status::Ok));
        assert!(!is_alive(&metrics(true, STUCK), Status::Ok));
        assert!(!is_alive(&metrics(true, STUCK), Status::Degraded));
    }

    #[test]
    fn one_that_nobody_waits_for_may_be_behind() {
        assert!(is_alive(&metrics(false, STUCK), Status::Ok));
    }

    #[test]
    fn without_its_database_the_process_is_as_well_as_it_can_be() {
        assert!(is_alive(&metrics(true, STUCK), Status::Unavailable));
    }

    #[test]
    fn a_watchdog_of_another_process_is_none_of_ours() {
        let config = |pid: Option<&str>, us: &str| NotifyConfig {
            socket: None,
            watchdog_us: Some(us.to_owned()),
            watchdog_pid: pid.map(str::to_owned),
        };
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog_interval(&config(None, "1000000")), second);
        let own = std::process::id().to_string();
        assert_eq!(watchdog_interval(&config(Some(&own), "1000000")), second);
        assert_eq!(watchdog_interval(&config(Some("1"), "1000000")), None);
        assert_eq!(watchdog_interval(&config(None, "0")), None);
        assert_eq!(watchdog_interval(&config(None, "soon")), None);
    }
}
