//! The commands of one connection that have no reply yet, and which of them may be under way
//! together.
//!
//! Per room a command is passed on while those before it are bound for the same crate, which takes
//! them in order; otherwise it waits for their replies. Some commands are alone on the connection.

use crate::dispatch::Answer;
use crate::wire::{Command, Error, Lane};
use bus::TraceId;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rooms::api::RoomKey;
use std::collections::{HashMap, VecDeque};
use tokio::time::Instant;

/// A command under way, then its id and what became of it.
pub(super) type Flying = BoxFuture<'static, (u64, Result<Answer, Error>)>;

#[derive(Default)]
pub(super) struct Flights {
    waiting: VecDeque<Waiting>,
    running: Vec<Running>,
    futures: FuturesUnordered<Flying>,
}

/// A command that waits for others.
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) command: Command,
    pub(super) trace: TraceId,
    pub(super) since: Instant,
}

struct Running {
    id: u64,
    lane: Lane,
    room: Option<RoomKey>,
}

impl Flights {
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a command with this id has no reply yet.
    pub(super) fn contains(&self, id: u64) -> bool {
        self.running.iter().any(|running| running.id == id)
            || self.waiting.iter().any(|waiting| waiting.id == id)
    }

    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// Takes out the commands that may start now, in the order they were sent.
    pub(super) fn ready(&mut self) -> Vec<Waiting> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let mut before = Before::of(&self.running);
        let mut ready = Vec::new();
        let mut waiting = VecDeque::with_capacity(self.waiting.len());
        for one in self.waiting.drain(..) {
            let (lane, room) = (one.command.op().lane, one.command.room());
            if before.lets(lane, room.as_ref()) {
                before.runs(lane, room);
                ready.push(one);
            } else {
                before.waits(lane, room);
                waiting.push_back(one);
            }
        }
        self.waiting = waiting;
        ready
    }

    pub(super) fn start(&mut self, id: u64, lane: Lane, room: Option<RoomKey>, flying: Flying) {
        self.running.push(Running { id, lane, room });
        self.futures.push(flying);
    }

    /// The next command that is done; pending while none is under way.
    pub(super) async fn landed(&mut self) -> (u64, Result<Answer, Error>) {
        match self.futures.next().await {
            Some((id, result)) => {
                self.running.retain(|running| running.id != id);
                if self.is_empty() {
                    // What a burst needed is not kept by an idle connection.
                    *self = Self::default();
                }
                (id, result)
            }
            None => std::future::pending().await,
        }
    }

    /// When the command that has waited longest was sent.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.waiting.front().map(|waiting| waiting.since)
    }

    /// Takes out the command that has waited longest, if it was sent before `then`.
    pub(super) fn overdue(&mut self, then: Instant) -> Option<u64> {
        let overdue = self.oldest().is_some_and(|since| since <= then);
        overdue
            .then(|| self.waiting.pop_front())
            .flatten()
            .map(|waiting| waiting.id)
    }

    /// The ids of all that will have no reply any more, and whether they had begun.
    pub(super) fn abandon(&mut self) -> Vec<(u64, bool)> {
        let running = self.running.iter().map(|running| (running.id, true));
        let waiting = self.waiting.iter().map(|waiting| (waiting.id, false));
        let all = running.chain(waiting).collect();
        *self = Self::default();
        all
    }
}

/// What stands before a command: per room the one lane that all before it are in, if they are.
struct Before {
    rooms: HashMap<RoomKey, Option<Lane>>,
    any: bool,
    alone: bool,
}

impl Before {
    fn of(running: &[Running]) -> Self {
        let mut before = Self {
            rooms: HashMap::new(),
            any: false,
            alone: false,
        };
        for one in running {
            before.runs(one.lane, one.room.clone());
        }
        before
    }

    fn lets(&self, lane: Lane, room: Option<&RoomKey>) -> bool {
        if self.alone || (lane == Lane::Alone && self.any) {
            return false;
        }
        let Some(before) = room.and_then(|room| self.rooms.get(room)) else {
            return true;
        };
        matches!(lane, Lane::Ordered(_)) && *before == Some(lane)
    }

    fn runs(&mut self, lane: Lane, room: Option<RoomKey>) {
        self.any = true;
        self.alone |= lane == Lane::Alone;
        if let Some(room) = room {
            let same = self.rooms.entry(room).or_insert(Some(lane));
            if *same != Some(lane) {
                *same = None;
            }
        }
    }

    /// Nothing of its room may pass one that waits.
    fn waits(&mut self, lane: Lane, room: Option<RoomKey>) {
        self.any = true;
        self.alone |= lane == Lane::Alone;
        if let Some(room) = room {
            self.rooms.insert(room, None);
        }
    }
}
