//! The commands of one connection that have no reply yet, and which of them may run together.
//!
//! Within a room a command starts while all earlier ones go to the same crate, which takes them in
//! order; otherwise it waits for their replies. Some commands run alone on the connection.

use crate::commands::{Command, CommandReply, Lane, Op};
use crate::wire::Error;
use bus::TraceId;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rooms::api::RoomKey;
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
    any: bool,
    alone: bool,
}

impl Predecessors {
    fn of(running: &[RunningCommand]) -> Self {
        let mut before = Self {
            rooms: BTreeMap::new(),
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
        let Some(before) = room.and_then(|room| self.rooms.get(room)) else {
            return true;
        };
        matches!(lane, Lane::Ordered(_)) && *before == Some(lane)
    }

    fn add_running(&mut self, lane: Lane, room: Option<RoomKey>) {
        self.any = true;
        self.alone |= lane == Lane::Alone;
        if let Some(room) = room {
            let same = self.rooms.entry(room).or_insert(Some(lane));
            if *same != Some(lane) {
                *same = None;
            }
        }
    }

    /// A waiting command blocks its room: nothing there may overtake it.
    fn add_queued(&mut self, lane: Lane, room: Option<RoomKey>) {
        self.any = true;
        self.alone |= lane == Lane::Alone;
        if let Some(room) = room {
            self.rooms.insert(room, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PendingCommands, QueuedCommand, RunningCommand};
    use crate::commands::{Body, CommandReply, Ops};
    use bus::TraceId;
    use bytes::Bytes;
    use futures_util::FutureExt as _;
    use std::sync::Arc;
    use tokio::time::Instant;

    fn send(commands: &mut PendingCommands, id: u64, op: &str, room: &str) {
        let d = format!(
            r#"{{"room":"{room}","cid":"c","body":"b","target":1,"emoji":"e","on":true,"seq":1,"after":1,"user":"@a","guest":"g"}}"#
        );
        let frame = format!(r#"{{"id":{id},"op":"{op}","d":{d}}}"#);
        let command = Ops::builtin().read(&frame).expect(&frame).command;
        commands.enqueue(QueuedCommand {
            id,
            command,
            trace: TraceId(u128::from(id)),
            span: tracing::Span::none(),
            since: Instant::now(),
        });
    }

    /// Starts what may start; returns the ids.
    fn started(commands: &mut PendingCommands) -> Vec<u64> {
        let mut ids = Vec::new();
        for queued in commands.take_ready() {
            let (id, command) = (queued.id, queued.command);
            let answer = Ok(CommandReply::Body(Body(Bytes::from_static(b"{}"))));
            let future = std::future::ready((id, answer)).boxed();
            let running = RunningCommand {
                id,
                op: Arc::clone(command.op()),
                trace: TraceId(u128::from(id)),
                span: tracing::Span::none(),
                since: Instant::now(),
                room: command.room().cloned(),
            };
            commands.start(running, future);
            ids.push(id);
        }
        ids
    }

    fn complete_all(commands: &mut PendingCommands) {
        while commands.next_completed().is_some() {}
    }

    #[test]
    fn commands_of_one_room_for_one_crate_run_together() {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "send", "x");
        send(&mut commands, 2, "edit", "x");
        send(&mut commands, 3, "send", "x");
        assert_eq!(started(&mut commands), [1, 2, 3]);
    }

    #[test]
    fn commands_for_another_crate_and_reads_wait_for_earlier_ones() {
        for other in ["kick", "log", "join", "typing"] {
            let mut commands = PendingCommands::default();
            send(&mut commands, 1, "send", "x");
            send(&mut commands, 2, other, "x");
            send(&mut commands, 3, "send", "x");
            assert_eq!(started(&mut commands), [1], "{other}");
            complete_all(&mut commands);
            assert_eq!(started(&mut commands), [2], "{other}");
            complete_all(&mut commands);
            assert_eq!(started(&mut commands), [3], "{other}");
        }
    }

    #[test]
    fn nothing_overtakes_a_waiting_command_of_its_room() {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "send", "x");
        send(&mut commands, 2, "log", "x");
        assert_eq!(started(&mut commands), [1]);
        send(&mut commands, 3, "send", "x");
        assert!(started(&mut commands).is_empty());
    }

    #[test]
    fn rooms_do_not_wait_for_each_other() {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "join", "x");
        send(&mut commands, 2, "send", "x");
        send(&mut commands, 3, "log", "y");
        send(&mut commands, 4, "dm", "x");
        assert_eq!(started(&mut commands), [1, 3, 4]);
    }

    #[test]
    fn hello_runs_alone() {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "ping", "x");
        send(&mut commands, 2, "hello", "x");
        send(&mut commands, 3, "ping", "x");
        assert_eq!(started(&mut commands), [1]);
        complete_all(&mut commands);
        assert_eq!(started(&mut commands), [2]);
        assert!(started(&mut commands).is_empty());
        complete_all(&mut commands);
        assert_eq!(started(&mut commands), [3]);
    }

    #[test]
    fn an_id_counts_until_its_reply() {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "send", "x");
        send(&mut commands, 2, "log", "x");
        started(&mut commands);
        assert!(commands.contains(1) && commands.contains(2) && !commands.contains(3));
        assert_eq!(commands.len(), 2);
        complete_all(&mut commands);
        assert!(!commands.contains(1) && commands.contains(2));
    }

    #[test]
    fn only_a_running_write_is_abandoned_with_an_unknown_outcome() {
        let mut commands = PendingCommands::default();
        send(&mut commands, 1, "send", "x");
        send(&mut commands, 2, "log", "x");
        send(&mut commands, 3, "log", "y");
        started(&mut commands);
        let abandoned = commands
            .abandon()
            .into_iter()
            .map(|command| (command.id, command.outcome_unknown));
        assert_eq!(
            abandoned.collect::<Vec<_>>(),
            [(1, true), (3, false), (2, false)]
        );
        assert!(commands.is_empty());
    }

    #[test]
    fn an_overdue_command_is_taken_out() {
        let mut commands = PendingCommands::default();
        let before = Instant::now();
        send(&mut commands, 1, "send", "x");
        send(&mut commands, 2, "log", "x");
        started(&mut commands);
        let mut take_overdue = |deadline| commands.take_overdue(deadline).map(|command| command.id);
        assert_eq!(
            take_overdue(before - std::time::Duration::from_secs(1)),
            None
        );
        assert_eq!(take_overdue(Instant::now()), Some(2));
        assert_eq!(take_overdue(Instant::now()), None);
    }
}
