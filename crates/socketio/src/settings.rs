//! The settings of the extension.

use settings::{Setting, Table, millis, number};
use std::time::Duration;

/// What the operator may set in `[socketio]`.
#[derive(Debug, Clone)]
pub(crate) struct SocketIoSettings {
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) max_payload: usize,
    pub(crate) sessions_per_address: usize,
    pub(crate) sessions_max: usize,
}

impl Default for SocketIoSettings {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(45),
            max_payload: 64 << 10,
            sessions_per_address: 256,
            sessions_max: 15_000,
        }
    }
}

impl Table for SocketIoSettings {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            // A long poll waits that long, and the server gives a response 60 s.
            millis("ping_interval_ms", 100..=50_000, |c: &mut Self| {
                &mut c.ping_interval
            })
            .about("How often a Socket.IO client is pinged, and how long a poll waits.")
            .ends(
                "Pings cost more than chat.",
                "Proxies cut silent connections, and lost clients stay long.",
            ),
            millis("ping_timeout_ms", 100..=120_000, |c: &mut Self| {
                &mut c.ping_timeout
            })
            .about("Time for the answer to a ping.")
            .ends(
                "Clients on slow lines are cut off.",
                "Lost clients stay connected for long.",
            ),
            millis("connect_timeout_ms", 1_000..=600_000, |c: &mut Self| {
                &mut c.connect_timeout
            })
            .about(
                "Time from the handshake until a client has connected and authenticated; then it is \
                     closed and comes back.",
            )
            .ends(
                "People who type a name are cut off.",
                "Strangers hold sessions.",
            ),
            number("max_payload", "bytes", 1_024..=65_536, |c: &mut Self| {
                &mut c.max_payload
            })
            .about("Largest message of a client, and largest body of a poll.")
            .ends("Long messages fail.", "Memory for what strangers send."),
            number(
                "sessions_per_address",
                "sessions",
                1..=1_000_000,
                |c: &mut Self| &mut c.sessions_per_address,
            )
            .about("Most sessions of one address (IPv6: of one /64).")
            .ends(
                "People in an office behind one address are locked out.",
                "One stranger takes them all.",
            ),
            number("sessions_max", "sessions", 1..=1_000_000, |c: &mut Self| {
                &mut c.sessions_max
            })
            .about("Most sessions in all.")
            .ends("Clients are turned away.", "Memory for sessions."),
        ]
    }
}
