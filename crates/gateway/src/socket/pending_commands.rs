//! The commands of one connection that have no reply yet, and which of them may run together.
//!
//! Within a room a command starts while all earlier ones go to the same crate, which takes them in
//! order; otherwise it waits for their replies. Some commands run alone on the connection, and the writes
//! of one extension one after another.

use crate::commands::{Command, CommandReply, Lane, Op};
use crate::wire::Error;
use bus::TraceId;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rooms::api::RoomKey;
use smallvec::SmallVec;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use tokio::time::Instant;
use tracing::Span;

/// A running command; resolves to its id and result.
pub(super) type CommandFuture = BoxFuture<'static, (u64, Result<CommandReply, Error>)>;

#[derive(Default)]
pub(super) struct PendingCommands {
    queued: VecDeque<QueuedCommand>,
    running: Vec<RunningCommand>,
    /// `None` while nothing runs: even an empty set takes memory.
    futures: Option<FuturesUnordered<CommandFuture>>,
}

/// A command that waits for earlier ones.
pub(super) struct QueuedCommand {
    pub(super) id: u64,
    pub(super) command: Command,
    pub(super) trace: TraceId,
    pub(super) span: Span,
    pub(super) since: Instant,
}

/// A command that the dispatcher is carrying out.
pub(super) struct RunningCommand {
    pub(super) id: u64,
    pub(super) op: Arc<Op>,
    pub(super) trace: TraceId,
    pub(super) span: Span,
    pub(super) since: Instant,
    pub(super) room: Option<RoomKey>,
}

/// A command that is given up without a result.
pub(super) struct AbandonedCommand {
    pub(super) id: u64,
    pub(super) op: Arc<Op>,
    pub(super) trace: TraceId,
    pub(super) span: Span,
    pub(super) since: Instant,
    /// The command may have changed something, or still will.
    pub(super) outcome_unknown: bool,
}

impl PendingCommands {
    pub(super) fn len(&self) -> usize {
        self.queued.len() + self.running.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether a command with this id has no reply yet.
    pub(super) fn contains(&self, id: u64) -> bool {
        self.running.iter().any(|running| running.id == id)
            || self.queued.iter().any(|queued| queued.id == id)
    }

    pub(super) fn enqueue(&mut self, queued: QueuedCommand) {
        self.queued.push_back(queued);
    }

    /// Removes and returns the commands that may start now, in the order they were sent.
    pub(super) fn take_ready(&mut self) -> Vec<QueuedCommand> {
        if self.queued.is_empty() {
            return Vec::new();
        }
        let mut before = Predecessors::of(&self.running);
        let mut ready = Vec::new();
        let mut queued = VecDeque::with_capacity(self.queued.len());
        for command in self.queued.drain(..) {
            let (lane, room) = (command.command.op().lane, command.command.room().cloned());
            if before.allow(lane, room.as_ref()) {
                before.add_running(lane, room);
                ready.push(command);
            } else {
                before.add_queued(lane, room);
                queued.push_back(command);
            }
        }
        self.queued = queued;
        ready
    }

    /// Puts commands that could not start back to the front, in their order.
    pub(super) fn requeue(&mut self, ready: Vec<QueuedCommand>) {
        for queued in ready.into_iter().rev() {
            self.queued.push_front(queued);
        }
    }

    pub(super) fn start(&mut self, running: RunningCommand, future: CommandFuture) {
        self.running.push(running);
        self.futures.get_or_insert_default().push(future);
    }

    /// Returns the next completed command; pending while none runs.
    pub(super) fn poll_completed(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<(RunningCommand, Result<CommandReply, Error>)> {
        let Some(futures) = &mut self.futures else {
            return Poll::Pending;
        };
        let Some((id, result)) = ready!(futures.poll_next_unpin(cx)) else {
            return Poll::Pending;
        };
        let position = self.running.iter().position(|running| running.id == id);
        let completed = self
            .running
            .remove(position.expect("every future has its running command"));
        if self.is_empty() {
            // An idle connection does not keep the memory of a burst.
            *self = Self::default();
        }
        Poll::Ready((completed, result))
    }

    /// Returns a command that has already completed.
    pub(super) fn next_completed(
        &mut self,
    ) -> Option<(RunningCommand, Result<CommandReply, Error>)> {
        let completed = self.poll_completed(&mut Context::from_waker(Waker::noop()));
        match completed {
            Poll::Ready(completed) => Some(completed),
            Poll::Pending => None,
        }
    }

    /// Returns when the longest waiting command was sent.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.queued.iter().map(|queued| queued.since).min()
    }

    /// Removes a command that still waits and was sent before `deadline`.
    pub(super) fn take_overdue(&mut self, deadline: Instant) -> Option<AbandonedCommand> {
        let position = self
            .queued
            .iter()
            .position(|command| command.since <= deadline)?;
        self.queued
            .remove(position)
            .as_ref()
            .map(AbandonedCommand::from_queued)
    }

    /// Removes and returns all commands.
    pub(super) fn abandon(&mut self) -> Vec<AbandonedCommand> {
        let running = self.running.iter().map(AbandonedCommand::from_running);
        let queued = self.queued.iter().map(AbandonedCommand::from_queued);
        let all = running.chain(queued).collect();
        *self = Self::default();
        all
    }
}

impl AbandonedCommand {
    fn from_queued(queued: &QueuedCommand) -> Self {
        Self {
            id: queued.id,
            op: Arc::clone(queued.command.op()),
            trace: queued.trace,
            span: queued.span.clone(),
            since: queued.since,
            outcome_unknown: false,
        }
    }

    fn from_running(running: &RunningCommand) -> Self {
        Self {
            id: running.id,
            op: Arc::clone(&running.op),
            trace: running.trace,
            span: running.span.clone(),
            since: running.since,
            outcome_unknown: running.op.lane.writes(),
        }
    }
}

/// The commands before one: per room the lane that they all share, if they do.
struct Predecessors {
    rooms: BTreeMap<RoomKey, Option<Lane>>,
    /// The extensions that have a write among them.
    extensions: SmallVec<[usize; 4]>,
    any: bool,
    alone: bool,
}

impl Predecessors {
    fn of(running: &[RunningCommand]) -> Self {
        let mut before = Self {
            rooms: BTreeMap::new(),
            extensions: SmallVec::new(),
            any: false,
            alone: false,
        };
        for command in running {
            before.add_running(command.op.lane, command.room.clone());
        }
        before
    }

    fn allow(&self, lane: Lane, room: Option<&RoomKey>) -> bool {
        if self.alone || (lane == Lane::Alone && self.any) {
            return false;
        }
        if let Lane::Extension(extension) = lane
            && self.extensions.contains(&extension)
        {
            return false;
        }
        let Some(before) = room.and_then(|room| self.rooms.get(room)) else {
            return true;
        };
        matches!(lane, Lane::Ordered(_)) && *before == Some(lane)
    }

    fn add_running(&mut self, lane: Lane, room: Option<RoomKey>) {
        self.add(lane);
        if let Some(room) = room {
            let same = self.rooms.entry(room).or_insert(Some(lane));
            if *same != Some(lane) {
                *same = None;
            }
        }
    }

    /// A waiting command blocks its room: nothing there may overtake it.
    fn add_queued(&mut self, lane: Lane, room: Option<RoomKey>) {
        self.add(lane);
        if let Some(room) = room {
            self.rooms.insert(room, None);
        }
    }

    fn add(&mut self, lane: Lane) {
        self.any = true;
        self.alone |= lane == Lane::Alone;
        if let Lane::Extension(extension) = lane {
            self.extensions.push(extension);
        }
    }
}

#[cfg(test)]
mod tests;
