//! The rows of the limits that keep one client from overloading the server.

use crate::Limits;
use settings::{Setting, millis, number};

pub(super) fn rows() -> Vec<Setting<Limits>> {
    [rates(), costs(), sizes(), sockets(), times()]
        .into_iter()
        .flatten()
        .collect()
}

fn rates() -> Vec<Setting<Limits>> {
    vec![
        number(
            "sends_per_s",
            "sends per second",
            1..=1_000_000_000,
            |c: &mut Limits| &mut c.sends_per_s,
        )
        .about("Sends of one user, on all sockets and over HTTP; bursts of twice as many.")
        .ends("Active people are refused.", "One client floods a room."),
        number(
            "commands_per_s",
            "points per second",
            1..=1_000_000_000,
            |c: &mut Limits| &mut c.commands_per_s,
        )
        .about("Points of one user, on all sockets and over HTTP; bursts of four times as many.")
        .ends(
            "A client that is catching up is refused.",
            "One client can overload the server.",
        ),
        number(
            "network_points_per_s",
            "points per second",
            1..=1_000_000_000,
            |c: &mut Limits| &mut c.network_points_per_s,
        )
        .about(
            "Points of one address (IPv6: one /64) for unauthenticated requests: each HTTP request \
             costs 1 (register and login as much as a hello), frames before hello as much as after \
             it; bursts of four times as many. Scales up with connections_per_address above 256.",
        )
        .ends(
            "After a restart, an office behind one address reconnects slowly.",
            "One machine can overload the server without an account.",
        ),
        number(
            "refusals_max",
            "refusals",
            1..=1_000_000_000,
            |c: &mut Limits| &mut c.refusals_max,
        )
        .about("rate_limited errors within ten seconds after which the connection closes (4508).")
        .ends(
            "A clumsy client is disconnected.",
            "Each frame of a flood costs an answer.",
        ),
        number(
            "unanswered_max",
            "commands",
            1..=1_000_000,
            |c: &mut Limits| &mut c.unanswered_max,
        )
        .about("Commands of one connection in flight before the server stops reading from it.")
        .ends(
            "Clients that pipeline must wait.",
            "One client fills the queues.",
        ),
        number(
            "commands_at_once",
            "commands",
            1..=10_000_000,
            |c: &mut Limits| &mut c.commands_at_once,
        )
        .about("Commands in flight in the whole server before more are refused.")
        .ends(
            "Commands get 503 in a burst that the server could have handled.",
            "Memory, and replies that come too late.",
        ),
    ]
}

fn costs() -> Vec<Setting<Limits>> {
    vec![
        number("points_hello", "points", 0..=1_000, |c: &mut Limits| {
            &mut c.points.hello
        })
        .about("Cost of a hello.")
        .ends(
            "Guessing tokens is cheap.",
            "A reconnecting tab is refused.",
        ),
        number("points_send", "points", 0..=1_000, |c: &mut Limits| {
            &mut c.points.send
        })
        .about("Cost of a send.")
        .ends(
            "Only sends_per_s limits sends.",
            "Active people are refused.",
        ),
        number("points_page", "points", 0..=1_000, |c: &mut Limits| {
            &mut c.points.page
        })
        .about("Cost of a history, log or members command.")
        .ends(
            "Pages are cheap for clients, but not for the database.",
            "Scrolling is refused.",
        ),
        number("points_other", "points", 0..=1_000, |c: &mut Limits| {
            &mut c.points.other
        })
        .about(
            "Cost of any other command, of a Ping frame, of an unsolicited Pong and of a message \
             fragment below 256 bytes.",
        )
        .ends("Other commands are free.", "Ordinary use is refused."),
        number("points_bad", "points", 0..=1_000, |c: &mut Limits| {
            &mut c.points.bad
        })
        .about("Cost of a frame that is not a valid command.")
        .ends(
            "Invalid frames are cheap.",
            "A client with one bug has all its commands refused.",
        ),
    ]
}

fn sizes() -> Vec<Setting<Limits>> {
    vec![
        number(
            "frame_bytes_max",
            "bytes",
            1_024..=16_777_216,
            |c: &mut Limits| &mut c.frame_bytes,
        )
        .about("Largest frame of a client; a larger one closes the connection (1009).")
        .ends("Long messages cannot be sent.", "Memory per connection."),
        number("page_max", "entries", 1..=10_000, |c: &mut Limits| {
            &mut c.page_max
        })
        .about("Most entries or messages in a page.")
        .ends("Catching up takes many commands.", "Replies are large."),
        number(
            "page_bytes_max",
            "bytes",
            1_024..=16_777_216,
            |c: &mut Limits| &mut c.page_bytes,
        )
        .about("Size above which a page ends.")
        .ends(
            "Catching up takes many commands.",
            "One reply fills a socket's queue.",
        ),
        number("replay_max", "entries", 0..=1_000_000, |c: &mut Limits| {
            &mut c.replay_max
        })
        .about("Entries that a resume replays per room before it reports a gap.")
        .ends(
            "After a short absence clients must load pages.",
            "After a restart, replaying takes long.",
        ),
        number("small_room", "members", 0..=1_000_000, |c: &mut Limits| {
            &mut c.small_room
        })
        .about("Largest room, in members, that shows who is typing and who goes offline.")
        .ends("Small rooms look lifeless.", "Presence floods large rooms."),
    ]
}

fn sockets() -> Vec<Setting<Limits>> {
    vec![
        number("fanout_writers", "threads", 1..=256, |c: &mut Limits| {
            &mut c.fanout_writers
        })
        .about("Threads that write at once when a message goes to more than 64 sockets.")
        .default_is("one for each core, at most 16")
        .ends(
            "A large room uses one core.",
            "Each message to a large room wakes threads that find nothing left to write.",
        ),
        number(
            "egress_bytes_max",
            "bytes",
            4_096..=1_073_741_824,
            |c: &mut Limits| &mut c.egress_bytes,
        )
        .about("Bytes queued for one socket; beyond that it closes (4008).")
        .ends(
            "Bursts disconnect healthy clients.",
            "Memory for dead clients.",
        ),
        millis("egress_age_ms", 100..=600_000, |c: &mut Limits| {
            &mut c.egress_age
        })
        .about("Age of the oldest byte queued for one socket; beyond that it closes (4008).")
        .ends(
            "A phone in a tunnel is disconnected.",
            "Memory for dead clients.",
        ),
    ]
}

fn times() -> Vec<Setting<Limits>> {
    vec![
        millis("hello_timeout_ms", 100..=600_000, |c: &mut Limits| &mut c.hello_within)
        .about(
            "Time for the first successful hello, on top of what the bytes of the first message take \
             at 250 a second; then the connection closes (4501).",
        )
        .ends(
            "Clients on slow networks cannot connect.",
            "Silent connections occupy file descriptors.",
        ),
        millis("ping_every_ms", 100..=3_600_000, |c: &mut Limits| &mut c.ping_every)
        .about("Time without a frame from a client after which it is pinged.")
        .ends(
            "Phones wake up often.",
            "Dead connections are noticed late.",
        ),
        millis("pong_timeout_ms", 100..=600_000, |c: &mut Limits| &mut c.pong_within)
        .about("Time limit for any frame after a ping; then the connection closes (4002).")
        .ends(
            "A slow network looks dead.",
            "Dead connections are noticed late.",
        ),
        millis("message_timeout_ms", 100..=600_000, |c: &mut Limits| &mut c.message_within)
        .about(
            "Time limit to complete a message, in addition to its bytes at 250 per second; then \
             the connection closes (4003).",
        )
        .ends(
            "An unsteady connection is closed.",
            "Incomplete messages occupy memory.",
        ),
    ]
}
