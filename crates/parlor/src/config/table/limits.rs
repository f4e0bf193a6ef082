//! What one client may take from everybody else.

use super::limits;
use crate::config::Config;
use crate::config::setting::{Setting, millis, number};

pub(super) fn rows() -> Vec<Setting<Config>> {
    [rates(), costs(), sizes(), sockets(), times()]
        .into_iter()
        .flatten()
        .collect()
}

fn rates() -> Vec<Setting<Config>> {
    vec![
        number("sends_per_s", "sends per second", 1..=1_000_000_000, |c| {
            &mut limits(c).sends_per_s
        })
        .about("Sends of one user, on all sockets and over HTTP; twice as many at once.")
        .ends("Lively people are refused.", "One client fills the log."),
        number(
            "commands_per_s",
            "points per second",
            1..=1_000_000_000,
            |c| &mut limits(c).commands_per_s,
        )
        .about("Points of one user, on all sockets and over HTTP; four times as many at once.")
        .ends(
            "A client that catches up is refused.",
            "One client takes the server.",
        ),
        number(
            "network_points_per_s",
            "points per second",
            1..=1_000_000_000,
            |c| &mut limits(c).network_points_per_s,
        )
        .about(
            "Points of one address (IPv6: of one /64) for what is asked before it is known who asks: \
             each HTTP request 1 (register and login as a hello), frames before hello what they cost \
             after it; four times as many at once. In proportion more where connections_per_address \
             is above 256.",
        )
        .ends(
            "After a restart an office behind one address comes back slowly.",
            "One machine takes the server without an account.",
        ),
        number("refusals_max", "refusals", 1..=1_000_000_000, |c| {
            &mut limits(c).refusals_max
        })
        .about("Refusals for rate within ten seconds after which the connection closes (4508).")
        .ends(
            "A clumsy client is cut off.",
            "A flood costs an answer for each frame.",
        ),
        number("unanswered_max", "commands", 1..=1_000_000, |c| {
            &mut limits(c).unanswered_max
        })
        .about("Commands of one connection without a reply before reading pauses.")
        .ends(
            "Clients that pipeline wait.",
            "One client fills the queues.",
        ),
        number("commands_at_once", "commands", 1..=10_000_000, |c| {
            &mut limits(c).commands_at_once
        })
        .about("Commands under way in the whole server before more are refused.")
        .ends(
            "503 in a burst that would have passed.",
            "Memory, and answers that come too late.",
        ),
    ]
}

fn costs() -> Vec<Setting<Config>> {
    vec![
        number("points_hello", "points", 0..=1_000, |c| {
            &mut limits(c).points.hello
        })
        .about("Cost of a hello.")
        .ends(
            "Guessing tokens is cheap.",
            "A tab that reconnects is refused.",
        ),
        number("points_send", "points", 0..=1_000, |c| {
            &mut limits(c).points.send
        })
        .about("Cost of a send.")
        .ends(
            "Nothing but sends_per_s bounds sends.",
            "Lively people are refused.",
        ),
        number("points_page", "points", 0..=1_000, |c| {
            &mut limits(c).points.page
        })
        .about("Cost of a history, log or members.")
        .ends(
            "Reading pages is cheap, and is not for the database.",
            "Scrolling is refused.",
        ),
        number("points_other", "points", 0..=1_000, |c| {
            &mut limits(c).points.other
        })
        .about("Cost of any other command, of a control Ping, of a Pong that answers no ping and of a piece of a message below 256 bytes.")
        .ends("They are free.", "Ordinary use is refused."),
        number("points_bad", "points", 0..=1_000, |c| {
            &mut limits(c).points.bad
        })
        .about("Cost of a frame that is no command.")
        .ends(
            "Noise is cheap.",
            "A client with one fault is refused all it says.",
        ),
    ]
}

fn sizes() -> Vec<Setting<Config>> {
    vec![
        number("frame_bytes_max", "bytes", 1_024..=16_777_216, |c| {
            &mut limits(c).frame_bytes
        })
        .about("Largest frame of a client; above it the connection closes (1009).")
        .ends("Long messages cannot be sent.", "Memory per connection."),
        number("page_max", "entries", 1..=10_000, |c| {
            &mut limits(c).page_max
        })
        .about("Most entries or messages of a page.")
        .ends("Catching up takes many commands.", "One answer is large."),
        number("page_bytes_max", "bytes", 1_024..=16_777_216, |c| {
            &mut limits(c).page_bytes
        })
        .about("Size at which a page ends.")
        .ends(
            "Catching up takes many commands.",
            "One answer fills a socket's queue.",
        ),
        number("replay_max", "entries", 0..=1_000_000, |c| {
            &mut limits(c).replay_max
        })
        .about("Entries that a resume replays per room before it names a gap.")
        .ends(
            "After a short absence clients have to page.",
            "A restart replays for long.",
        ),
        number("small_room", "members", 0..=1_000_000, |c| {
            &mut limits(c).small_room
        })
        .about("Members up to which a room shows who types and who went offline.")
        .ends(
            "Small rooms seem lifeless.",
            "Large rooms drown in presence.",
        ),
    ]
}

fn sockets() -> Vec<Setting<Config>> {
    vec![
        number("egress_bytes_max", "bytes", 4_096..=1_073_741_824, |c| {
            &mut limits(c).egress_bytes
        })
        .about("Bytes that may wait for one socket; above, it closes (4008).")
        .ends("Bursts cut healthy clients.", "Memory for dead ones."),
        millis("egress_age_ms", 100..=600_000, |c| {
            &mut limits(c).egress_age
        })
        .about("Age of the oldest byte waiting for one socket; above, it closes (4008).")
        .ends(
            "A phone in a tunnel is cut off.",
            "Memory for dead clients.",
        ),
    ]
}

fn times() -> Vec<Setting<Config>> {
    vec![
        millis("hello_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).hello_within
        })
        .about("Time for the first good hello; then the connection closes (4501).")
        .ends(
            "Slow networks never get in.",
            "Silent connections hold file descriptors.",
        ),
        millis("ping_every_ms", 100..=3_600_000, |c| {
            &mut limits(c).ping_every
        })
        .about("Silence of a client after which it is pinged.")
        .ends("Phones wake up often.", "Dead connections are found late."),
        millis("pong_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).pong_within
        })
        .about("Time for any frame after a ping; then the connection closes (4002).")
        .ends(
            "A slow network is taken for dead.",
            "Dead connections are found late.",
        ),
        millis("message_timeout_ms", 100..=600_000, |c| {
            &mut limits(c).message_within
        })
        .about("Time to finish a message that has begun, beside what its bytes take at 250 a second; then the connection closes (4003).")
        .ends(
            "A line that falters is cut off.",
            "Half messages hold memory.",
        ),
    ]
}
