//! What one client may take from everybody else: sizes, rates, times.

use std::time::Duration;

/// A line that carries so many bytes a second is slow, but alive: it is waited for.
const SLOWEST_LINE: u64 = 250;

/// The gateway's limits, each with its default, its unit and what goes wrong beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Largest frame of a client, bytes. Default 64 KiB. Too low: long messages cannot be sent; too
    /// high: memory per connection.
    pub frame_bytes: usize,
    /// Characters of a text, as `hello` announces them; messaging enforces it. Default 4,000.
    pub body_chars: usize,
    /// Bytes of a text, as `hello` announces them; messaging enforces it. Default 16 KiB.
    pub body_bytes: usize,
    /// Most entries or messages of a page. Default 200.
    pub page_max: usize,
    /// Bytes at which a page ends. Default 128 KiB. Too high: one answer fills a socket's queue.
    pub page_bytes: usize,
    /// Rooms per user, as `hello` announces them; rooms enforces it. Default 128.
    pub rooms_max: usize,
    /// Sends of one user per second, on all sockets and over HTTP, twice as many at once. Default 20.
    pub sends_per_s: u32,
    /// Points of one user per second, on all sockets and over HTTP, four times as many at once.
    /// Default 50.
    pub commands_per_s: u32,
    /// Points of one address (IPv6: of one /64) per second for what is asked before it is known who
    /// asks, four times as many at once. Default 1,000. Too low: after a restart an office behind one
    /// address comes back slowly.
    pub network_points_per_s: u32,
    /// What each kind of command costs.
    pub points: Points,
    /// Refusals for rate within ten seconds after which the connection closes 4508. Default 50.
    pub refusals_max: usize,
    /// Open sockets per address (IPv6: per /64). Default 256. Too low: an office behind one
    /// address is locked out.
    pub connections_per_address: usize,
    /// Open sockets per user. Default 32.
    pub connections_per_user: usize,
    /// Open sockets per session, told apart by `tab`. Default 8.
    pub tabs_max: usize,
    /// Commands of one connection without a reply before reading pauses. Default 256.
    pub unanswered_max: usize,
    /// Commands under way in the whole server before more are shed. Default 16,384.
    pub commands_at_once: usize,
    /// Bytes waiting for one socket before it is closed 4008. Default 256 KiB. Too low: bursts
    /// cut healthy clients; too high: memory for dead ones.
    pub egress_bytes: usize,
    /// Age of the oldest byte waiting for one socket before it is closed 4008. Default 15 s.
    pub egress_age: Duration,
    /// Entries that a resume replays per room before it says `gap`. Default 1,000.
    pub replay_max: i64,
    /// Members up to which a room shows typing and who went offline. Default 100.
    pub small_room: u64,
    /// Time for the first good `hello`. Default 10 s.
    pub hello_within: Duration,
    /// Silence of a client after which it is pinged. Default 25 s.
    pub ping_every: Duration,
    /// Time for any frame after a ping. Default 10 s.
    pub pong_within: Duration,
    /// Time to finish a message that has begun, beside what its bytes take at 250 a second. Default
    /// 30 s. Too low: a line that falters is cut off; too high: half messages hold memory.
    pub message_within: Duration,
    /// Time for a reply, whatever happens. Default 5 s; must exceed `ask_within`.
    pub reply_within: Duration,
    /// Time for the answer of the crate asked. Default 4.5 s.
    pub ask_within: Duration,
}

/// What a frame costs, in points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Points {
    /// `hello`. Default 10.
    pub hello: u32,
    /// `send`. Default 1.
    pub send: u32,
    /// `history`, `log`, `members`. Default 2.
    pub page: u32,
    /// Any other command, and a frame that is a part of one or none. Default 1.
    pub other: u32,
    /// A frame that is no command. Default 5.
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
            body_chars: 4000,
            body_bytes: 16 << 10,
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

/// What so many bytes take on the slowest line that is waited for.
pub(crate) fn on_a_slow_line(bytes: u32) -> Duration {
    Duration::from_millis(u64::from(bytes) * 1000 / SLOWEST_LINE)
}

impl Limits {
    /// How long a message may take when it has received this many bytes.
    pub(crate) fn message_time(&self, received: u32) -> Duration {
        self.message_within + on_a_slow_line(received)
    }

    /// The same with rates and connection counts beyond reach, for load tests: the code that
    /// counts runs as ever.
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
