//! The table of commands: who answers each, in which order, and its cost.

use crate::limits::Points;

/// The order of a command among others of its room and connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Runs in order with the other commands that this crate answers.
    Ordered(Answerer),
    /// A read: runs beside everything, but waits for the earlier commands of its room.
    Concurrent,
    /// Several steps; no other command of its room runs between them.
    Steps,
    /// Changes the caller's identity: runs alone on its connection.
    Alone,
}

impl Lane {
    /// Returns whether the command may change something. Then it needs a permit for the bus, and its
    /// outcome is unknown after a time-out.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Lane::Concurrent)
    }
}

/// The crate that answers a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// Sessions and accounts.
    Sessions,
    /// Rooms, memberships and moderation.
    Rooms,
    /// Messages and read markers.
    Messaging,
    /// The gateway's own hub.
    Gateway,
}

/// The class of a command's cost in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Costs [`Points::hello`] points.
    Hello,
    /// Costs [`Points::send`] points, and one of the sends per second.
    Send,
    /// Costs [`Points::page`] points.
    Page,
    /// Costs [`Points::other`] points.
    Other,
}

impl Cost {
    /// Returns the cost in points.
    #[must_use]
    pub fn points(self, points: &Points) -> u32 {
        match self {
            Cost::Hello => points.hello,
            Cost::Send => points.send,
            Cost::Page => points.page,
            Cost::Other => points.other,
        }
    }
}

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Op {
    /// Its index in [`OPS`].
    pub number: usize,
    /// Its `op` on the wire.
    pub name: &'static str,
    /// Its order among other commands.
    pub lane: Lane,
    /// Its class of cost.
    pub cost: Cost,
    /// Whether it has a field `room`, the one room that it touches.
    pub in_room: bool,
}

const fn op(name: &'static str, lane: Lane, cost: Cost, in_room: bool) -> Op {
    Op {
        number: 0,
        name,
        lane,
        cost,
        in_room,
    }
}

const MESSAGING: Lane = Lane::Ordered(Answerer::Messaging);
const ROOMS: Lane = Lane::Ordered(Answerer::Rooms);
const SESSIONS: Lane = Lane::Ordered(Answerer::Sessions);
const GATEWAY: Lane = Lane::Ordered(Answerer::Gateway);

/// Sets each row's index.
const fn numbered<const N: usize>(mut ops: [Op; N]) -> [Op; N] {
    let mut number = 0;
    while number < N {
        ops[number].number = number;
        number += 1;
    }
    ops
}

/// Every command of the protocol.
pub static OPS: &[Op] = &numbered([
    op("hello", Lane::Alone, Cost::Hello, false),
    op("join", Lane::Steps, Cost::Other, true),
    op("leave", Lane::Steps, Cost::Other, true),
    op("send", MESSAGING, Cost::Send, true),
    op("edit", MESSAGING, Cost::Other, true),
    op("delete", MESSAGING, Cost::Other, true),
    op("react", MESSAGING, Cost::Other, true),
    op("log", Lane::Concurrent, Cost::Page, true),
    op("history", Lane::Concurrent, Cost::Page, true),
    op("read", MESSAGING, Cost::Other, true),
    op("typing", GATEWAY, Cost::Other, true),
    op("members", Lane::Concurrent, Cost::Page, true),
    op("presence", Lane::Concurrent, Cost::Other, true),
    op("rooms", Lane::Concurrent, Cost::Other, false),
    op("room.create", ROOMS, Cost::Other, false),
    op("room.update", ROOMS, Cost::Other, true),
    op("dm", ROOMS, Cost::Other, false),
    op("invite", ROOMS, Cost::Other, true),
    op("kick", ROOMS, Cost::Other, true),
    op("ban", ROOMS, Cost::Other, true),
    op("unban", ROOMS, Cost::Other, true),
    op("mute", ROOMS, Cost::Other, true),
    op("role", ROOMS, Cost::Other, true),
    op("sessions", Lane::Concurrent, Cost::Other, false),
    op("session.revoke", SESSIONS, Cost::Other, false),
    op("logout", Lane::Alone, Cost::Other, false),
    op("ping", Lane::Concurrent, Cost::Other, false),
]);

impl Op {
    /// Returns the command with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Op> {
        OPS.iter().find(|op| op.name == name)
    }

    /// Returns whether the command needs a `hello` first.
    #[must_use]
    pub fn needs_caller(&self) -> bool {
        !matches!(self.name, "hello" | "ping")
    }
}
