//! The table of commands, as data: who answers each, in which order, and what it costs.

use crate::limits::Points;

/// Who carries a command out, which decides what may be under way beside it in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// In its place among the commands of this crate.
    Ordered(Answerer),
    /// A read, beside everything; it waits for what was sent before it in its room.
    Concurrent,
    /// Several steps of which none may overlap with another command of its room.
    Steps,
    /// It changes who is asking: alone on its connection.
    Alone,
}

impl Lane {
    /// Whether it may change something: then it takes its place in the order of the bus, and a
    /// time-out leaves the outcome open.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Lane::Concurrent)
    }
}

/// A crate that answers commands in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// Sessions.
    Sessions,
    /// Rooms.
    Rooms,
    /// Messaging.
    Messaging,
    /// The gateway's own fan-out.
    Gateway,
}

/// What kind of points a command costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// [`Points::hello`].
    Hello,
    /// [`Points::send`], and one of the sends per second.
    Send,
    /// [`Points::page`].
    Page,
    /// [`Points::other`].
    Other,
}

impl Cost {
    /// How many points.
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

/// One line of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Op {
    /// Its place in the table.
    pub number: usize,
    /// As the wire calls it.
    pub name: &'static str,
    /// Who carries it out.
    pub lane: Lane,
    /// What it costs.
    pub cost: Cost,
    /// Whether it touches one room, named `room`.
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

/// Each knows its place.
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
    /// The command of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Op> {
        OPS.iter().find(|op| op.name == name)
    }

    /// Whether only those may ask it who have said hello.
    #[must_use]
    pub fn needs_caller(&self) -> bool {
        !matches!(self.name, "hello" | "ping")
    }
}
