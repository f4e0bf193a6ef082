//! Limits per client: sizes, rates and times.

use rooms::api::text;
use std::time::Duration;

/// The slowest line that is waited for, bytes per second.
const SLOWEST_LINE: u64 = 250;

/// The gateway's limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Largest frame of a client, bytes. Default 64 KiB. Too low: long messages fail. Too high: memory
    /// per connection.
    pub frame_bytes: usize,
    /// Longest text, characters, as announced by `hello`; enforced by messaging. Default 4,000.
    pub body_chars: usize,
    /// Longest text, bytes, as announced by `hello`; enforced by messaging. Default 16 KiB.
    pub body_bytes: usize,
    /// Most entries or messages per page. Default 200.
    pub page_max: usize,
    /// Size at which a page ends, bytes. Default 128 KiB. Too high: one reply fills a socket's queue.
    pub page_bytes: usize,
    /// Most rooms per user, as announced by `hello`; enforced by rooms. Default 128.
    pub rooms_max: usize,
    /// Sends per second of one user, on all sockets and over HTTP; bursts of twice as many. Default 20.
    pub sends_per_s: u32,
    /// Points per second of one user, on all sockets and over HTTP; bursts of four times as many. Default
    /// 50.
    pub commands_per_s: u32,
    /// Points per second of one address (IPv6: of one /64) before authentication; bursts of four times as
    /// many. Default 1,000. Too low: after a restart an office behind one address reconnects slowly.
    pub network_points_per_s: u32,
    /// The costs of commands.
    pub points: Points,
    /// Rate-limit refusals within ten seconds that close the connection with 4508. Default 50.
    pub refusals_max: usize,
    /// Most open sockets per address (IPv6: per /64). Default 256. Too low: people in an office behind one
    /// address are locked out.
    pub connections_per_address: usize,
    /// Most open sockets per user. Default 32.
    pub connections_per_user: usize,
    /// Most open sockets per session, distinguished by `tab`. Default 8.
    pub tabs_max: usize,
    /// Commands without a reply at which reading from a connection pauses. Default 256.
    pub unanswered_max: usize,
    /// Most commands running at once in the whole server; further ones get `overloaded`. Default 16,384.
    pub commands_at_once: usize,
    /// Threads that write to the sockets of a turn with more than 64, the hub's own among them. Default
    /// one for each core, at most 16. Too low: large rooms use one core. Too high: they keep all cores
    /// from other work.
    pub fanout_writers: usize,
    /// Queued bytes at which a socket is closed with 4008. Default 256 KiB. Too low: bursts disconnect
    /// healthy clients. Too high: memory for dead ones.
    pub egress_bytes: usize,
    /// Age of the oldest queued frame at which a socket is closed with 4008. Default 15 s.
    pub egress_age: Duration,
    /// Most entries that a resume replays per room; with more the client gets a `gap`. Default 1,000.
    pub replay_max: i64,
    /// Most members with which a room shows typing and individual presence changes. Default 100.
    pub small_room: u64,
    /// Time for the first successful `hello`, in addition to what the bytes of the first message take at
    /// 250 a second. Default 10 s.
    pub hello_within: Duration,
    /// Silence after which a client is pinged. Default 25 s.
    pub ping_every: Duration,
    /// Time for any bytes from the client after a ping. Default 10 s.
    pub pong_within: Duration,
    /// Time to complete a message, in addition to what its bytes take at 250 a second. Default 30 s. Too
    /// low: unsteady lines are cut off. Too high: unfinished messages hold memory.
    pub message_within: Duration,
    /// Time limit of every reply. Default 5 s; must exceed `ask_within`.
    pub reply_within: Duration,
    /// Time limit of a request to another crate. Default 4.5 s.
    pub ask_within: Duration,
}

/// The costs of frames, in points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Points {
    /// `hello`. Default 10.
    pub hello: u32,
    /// `send`. Default 1.
    pub send: u32,
    /// `history`, `log`, `members`. Default 2.
    pub page: u32,
    /// Any other command, a small fragment, and an unsolicited control frame. Default 1.
    pub other: u32,
    /// A frame that is not a command. Default 5.
    pub bad: u32,
}

impl Default for Points {
    fn default() -> Self {
        Self {
            hello: 10,
            send: 1,
            page: 2,
            other: 1,
            bad: 5,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 64 << 10,
            body_chars: text::BODY_CHARS_MAX,
            body_bytes: text::BODY_BYTES_MAX,
            page_max: 200,
            page_bytes: 128 << 10,
            rooms_max: 128,
            sends_per_s: 20,
            commands_per_s: 50,
            network_points_per_s: 1000,
            points: Points::default(),
            refusals_max: 50,
            connections_per_address: 256,
            connections_per_user: 32,
            tabs_max: 8,
            unanswered_max: 256,
            commands_at_once: 16_384,
            fanout_writers: default_writers(),
            egress_bytes: 256 << 10,
            egress_age: Duration::from_secs(15),
            replay_max: 1000,
            small_room: 100,
            hello_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(25),
            pong_within: Duration::from_secs(10),
            message_within: Duration::from_secs(30),
            reply_within: Duration::from_secs(5),
            ask_within: Duration::from_millis(4500),
        }
    }
}

/// Returns how many threads write to the sockets of a large turn by default.
fn default_writers() -> usize {
    const WRITERS_MAX: usize = 16;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.min(WRITERS_MAX)
}

/// Returns the time that these bytes take on the slowest line that is waited for.
pub(crate) fn on_a_slow_line(bytes: u32) -> Duration {
    Duration::from_millis(u64::from(bytes) * 1000 / SLOWEST_LINE)
}

impl Limits {
    /// Returns the time limit of a message after this many received bytes.
    pub(crate) fn message_time(&self, received: u32) -> Duration {
        self.message_within + on_a_slow_line(received)
    }

    /// Raises rate and connection limits beyond reach, for load tests. The counting code still runs.
    #[must_use]
    pub fn off(self) -> Self {
        Self {
            sends_per_s: 10_000_000,
            commands_per_s: 10_000_000,
            network_points_per_s: 10_000_000,
            connections_per_address: usize::MAX,
            connections_per_user: usize::MAX,
            ..self
        }
    }
}
