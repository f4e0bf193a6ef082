//! The task of a connection: reads frames, runs commands, replies and keeps deadlines.

mod reading;
mod replies;

use super::deadlines::{Deadlines, Due};
use super::flood_detector::FloodDetector;
use super::frame_reader::FrameReader;
use super::pending_commands::{PendingCommands, QueuedCommand, RunningCommand};
use crate::Limits;
use crate::commands::{CommandReply, Replay};
use crate::connection::{Close, Conn, Frame, FrameClass};
use crate::dispatch::{Call, Dispatcher};
use crate::rate_limit::Bucket;
use crate::shared::Shared;
use crate::wire::{Error, OVERLOADED, push};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sessions::api::Caller;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::time::{Instant, Sleep, sleep_until};

/// The next page of a replay is read once at most this many bytes are queued.
const REPLAY_BELOW: usize = 16 << 10;

type AdmissionFuture = BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>;

pub(super) struct ConnectionTask {
    shared: Arc<Shared>,
    dispatcher: Arc<Dispatcher>,
    conn: Arc<Conn>,
    reader: FrameReader,
    /// The reader may hold whole frames, even if the kernel has nothing.
    may_have_input: bool,
    /// The server's control Pings without a Pong: those Pongs are free.
    pongs_owed: u8,
    commands: PendingCommands,
    /// Waits for a permit to put a command on the bus.
    admission: Option<AdmissionFuture>,
    /// An acquired permit that no command has used yet.
    permit: Option<OwnedSemaphorePermit>,
    bucket: Arc<Bucket>,
    flood: FloodDetector,
    caller: Option<Caller>,
    replay: Option<Replay>,
    replay_page: Option<BoxFuture<'static, Replay>>,
    /// A `hello` was sent on, so sessions and the hub may know the connection.
    hello_attempted: bool,
    deadlines: Deadlines,
    timer: Pin<Box<Sleep>>,
    end: Option<SocketEnd>,
}

/// What has woken the task.
#[expect(
    clippy::large_enum_variant,
    reason = "it is consumed at once and never stored"
)]
enum Wake {
    /// Another task has changed the connection's state.
    Notified,
    /// A command has completed.
    Completed(RunningCommand, Result<CommandReply, Error>),
    /// The permit for the bus was acquired.
    Admitted(Option<OwnedSemaphorePermit>),
    /// A page of the replay is queued.
    ReplayPage(Replay),
    /// The kernel accepts more.
    Writable,
    /// There may be something to read.
    Readable,
    /// A deadline has passed.
    Timer,
}

/// To whom the task yields before its next turn.
enum Yield {
    /// Nobody: it goes on at once.
    No,
    /// The hub, which is about to queue the entries of a write: one system call then sends the reply and
    /// the entries.
    ToHub,
    /// All ready tasks, sockets and timers: the turn has used up its budget. Otherwise a client that
    /// never pauses would own a thread.
    ToRuntime,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketEnd {
    /// The server closes it: the close frame is queued.
    ByServer {
        /// The close follows the client's own `logout`.
        clean: bool,
        /// The client has violated the protocol: its input cannot be decoded any more.
        ignore_input: bool,
    },
    /// The client closed it: the echo is queued.
    ByClient {
        /// The code was 1000 or 1001.
        clean: bool,
    },
    /// The connection was lost.
    Lost,
}

impl ConnectionTask {
    /// `bucket` is charged until the client has said hello.
    pub(super) fn new(
        shared: Arc<Shared>,
        dispatcher: Arc<Dispatcher>,
        conn: Arc<Conn>,
        read_ahead: Bytes,
        bucket: Arc<Bucket>,
    ) -> Self {
        let now = Instant::now();
        let limits = &shared.limits;
        let deadlines = Deadlines::new(now, limits);
        Self {
            reader: FrameReader::new(read_ahead, limits),
            may_have_input: true,
            pongs_owed: 0,
            commands: PendingCommands::default(),
            admission: None,
            permit: None,
            bucket,
            flood: FloodDetector::default(),
            caller: None,
            replay: None,
            replay_page: None,
            hello_attempted: false,
            timer: Box::pin(sleep_until(deadlines.next(limits))),
            deadlines,
            end: None,
            conn,
            shared,
            dispatcher,
        }
    }

    /// Returns whether sessions or the hub may know this connection.
    pub(super) fn has_attempted_hello(&self) -> bool {
        self.hello_attempted
    }

    /// Runs until the connection ends.
    pub(super) async fn run(&mut self) -> SocketEnd {
        loop {
            self.turn();
            if let Some(end) = self.end {
                return end;
            }
            match self.wait().await {
                Yield::No => {}
                Yield::ToHub => bus::give_way().await,
                Yield::ToRuntime => tokio::task::yield_now().await,
            }
        }
    }

    /// Starts the commands that may run and writes what is queued.
    fn turn(&mut self) {
        self.start_ready();
        self.say_goodbye();
        if !self.is_blocked() {
            self.conn.write_out();
        }
        // After the write, which wakes nobody when it drains the queue.
        self.replay();
        self.check_end();
    }

    /// Notes the end if the queue is broken or closing.
    fn check_end(&mut self) {
        let egress = self.conn.egress();
        let (broken, closing) = (egress.is_broken(), egress.closing());
        drop(egress);
        if broken {
            self.end.get_or_insert(SocketEnd::Lost);
        } else if let Some(close) = closing {
            self.end.get_or_insert(SocketEnd::ByServer {
                clean: close == Close::LOGOUT,
                ignore_input: false,
            });
        }
    }

    async fn wait(&mut self) -> Yield {
        let due = self.due_at();
        if due < self.timer.deadline() {
            self.timer.as_mut().reset(due);
        }
        let blocked = self.is_blocked();
        match poll_fn(|cx| self.poll_woken(cx, blocked)).await {
            Wake::Notified => {}
            Wake::Completed(completed, result) => {
                self.complete_all(&completed, result);
                if completed.op.lane.writes() {
                    return Yield::ToHub;
                }
            }
            Wake::Admitted(permit) => self.admitted(permit),
            Wake::ReplayPage(replay) => self.replay_page_done(replay),
            Wake::Writable => {
                self.conn.write_out();
            }
            Wake::Readable => {
                self.read();
                if self.may_have_input {
                    return Yield::ToRuntime;
                }
            }
            Wake::Timer => self.on_timer(),
        }
        Yield::No
    }

    /// Returns the first event of all that the task waits for. Polled by hand: the futures of a `select!`
    /// would take memory in every idle connection.
    fn poll_woken(&mut self, cx: &mut Context<'_>, blocked: bool) -> Poll<Wake> {
        if self.conn.wakeup.poll_woken(cx).is_ready() {
            return Poll::Ready(Wake::Notified);
        }
        if let Poll::Ready((completed, result)) = self.commands.poll_completed(cx) {
            return Poll::Ready(Wake::Completed(completed, result));
        }
        if let Some(admission) = &mut self.admission
            && let Poll::Ready(permit) = admission.poll_unpin(cx)
        {
            return Poll::Ready(Wake::Admitted(permit.ok()));
        }
        if let Some(replay_page) = &mut self.replay_page
            && let Poll::Ready(replay) = replay_page.poll_unpin(cx)
        {
            return Poll::Ready(Wake::ReplayPage(replay));
        }
        // An error shows up in the next write or read.
        if blocked && self.conn.stream.poll_writable(cx).is_ready() {
            return Poll::Ready(Wake::Writable);
        }
        if self.may_read() && self.poll_readable(cx).is_ready() {
            return Poll::Ready(Wake::Readable);
        }
        self.timer.as_mut().poll(cx).map(|()| Wake::Timer)
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.may_have_input {
            Poll::Ready(())
        } else {
            self.conn.stream.poll_readable(cx).map(|_| ())
        }
    }

    /// Returns whether commands may be read now.
    fn may_read(&self) -> bool {
        let limits = self.limits();
        if self.conn.is_draining() || self.commands.len() >= limits.unanswered_max {
            return false;
        }
        let mut egress = self.conn.egress();
        egress.closing().is_none() && egress.is_within(limits.egress_bytes / 4)
    }

    fn is_blocked(&self) -> bool {
        self.conn.egress().is_blocked()
    }

    fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Starts the commands that may run. A writing command first needs a permit for the bus; only one
    /// command of a connection waits for it at a time, so that none overtakes another.
    fn start_ready(&mut self) {
        let mut blocked = Vec::new();
        for queued in self.commands.take_ready() {
            if !queued.command.op().lane.needs_permit() {
                self.start(queued, None);
            } else if let Some(permit) = self.permit() {
                self.start(queued, Some(permit));
            } else {
                blocked.push(queued);
            }
        }
        self.commands.requeue(blocked);
        // The command that waited for it may have been given up meanwhile.
        self.permit = None;
    }

    /// Returns a permit for the bus, or begins to wait for one.
    fn permit(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Some(permit) = self.permit.take() {
            return Some(permit);
        }
        if self.admission.is_some() {
            return None;
        }
        let admission = &self.shared.bus_admission;
        let permit = Arc::clone(admission).try_acquire_owned().ok();
        if permit.is_none() {
            self.admission = Some(Arc::clone(admission).acquire_owned().boxed());
        }
        permit
    }

    fn start(&mut self, queued: QueuedCommand, permit: Option<OwnedSemaphorePermit>) {
        let QueuedCommand {
            id,
            command,
            trace,
            span,
            since,
        } = queued;
        let running = RunningCommand {
            id,
            op: Arc::clone(command.op()),
            trace,
            span: span.clone(),
            since,
            room: command.room().cloned(),
        };
        self.hello_attempted |= command.is_hello();
        let call = Call {
            caller: self.caller.clone(),
            conn: Some(Arc::clone(&self.conn)),
            id,
            command,
            trace,
            span,
            bucket: Arc::clone(&self.bucket),
        };
        let dispatcher = Arc::clone(&self.dispatcher);
        let future = async move {
            let answer = dispatcher.answer(call).await;
            drop(permit);
            (id, answer)
        };
        self.commands.start(running, future.boxed());
    }

    /// Begins to read the next page of a replay once the last one has drained.
    fn replay(&mut self) {
        if self.replay_page.is_some() || self.replay.is_none() {
            return;
        }
        if !self.conn.egress().is_within(REPLAY_BELOW) {
            return;
        }
        let Some(caller) = &self.caller else {
            return;
        };
        let Some(replay) = self.replay.take().filter(|replay| !replay.is_done()) else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        let step = replay.step(shared, Arc::clone(&self.conn), caller.user.id);
        self.replay_page = Some(step.boxed());
    }

    /// Keeps the acquired permit for the next command.
    fn admitted(&mut self, permit: Option<OwnedSemaphorePermit>) {
        self.admission = None;
        self.permit = permit;
    }

    fn replay_page_done(&mut self, mut replay: Replay) {
        self.replay_page = None;
        if let Some(added) = self.replay.take() {
            replay.absorb(added);
        }
        self.replay = Some(replay);
    }

    /// Returns the earliest deadline, including those of the queue, waiting commands and an unfinished
    /// message.
    fn due_at(&self) -> Instant {
        let limits = self.limits();
        let egress = self.conn.egress().expires();
        let queued = self.commands.oldest().map(|at| at + limits.reply_within);
        let message = self.reader.complete_by(limits);
        let others = [egress, queued, message].into_iter().flatten();
        others.fold(self.deadlines.next(limits), Instant::min)
    }

    fn on_timer(&mut self) {
        let now = Instant::now();
        if !self.may_read() {
            // A client that is not read cannot answer a ping or finish a message.
            self.deadlines.received(now);
            self.reader.restart(now);
        }
        while let Some(due) = self.deadlines.due(now, &self.shared.limits) {
            self.handle_due(due);
            if self.conn.egress().closing().is_some() {
                break;
            }
        }
        if self.conn.egress().expires().is_some_and(|at| at <= now) {
            self.conn.close(Close::SLOW);
        }
        let complete_by = self.reader.complete_by(self.limits());
        if complete_by.is_some_and(|at| at <= now) {
            self.conn.close(Close::UNFINISHED);
        }
        self.fail_overdue(now);
        let next = self.due_at();
        self.timer.as_mut().reset(next);
    }

    fn handle_due(&mut self, due: Due) {
        match due {
            Due::Ping => {
                self.pongs_owed = self.pongs_owed.saturating_add(1);
                self.conn.enqueue(Frame::ping(), FrameClass::Push);
                self.conn
                    .enqueue(Frame::json(&push::ping()), FrameClass::Push);
            }
            Due::ExpiryWarning(left) => {
                let ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                let warning = Frame::json(&push::auth_expiring(ms));
                self.conn.enqueue(warning, FrameClass::Push);
            }
            // A client in this process is gone when its end of the pipe is. It answers when it reads.
            Due::NoPong if self.conn.stream.is_local() => {
                self.deadlines.received(Instant::now());
            }
            Due::NoPong => self.conn.close(Close::NO_PONG),
            Due::NoHello => self.conn.close(Close::NO_HELLO),
            Due::Expired => self.conn.close(Close::EXPIRED),
        }
    }

    /// Gives up commands that have waited too long for earlier ones: they have changed nothing.
    fn fail_overdue(&mut self, now: Instant) {
        let Some(then) = now.checked_sub(self.limits().reply_within) else {
            return;
        };
        while let Some(overdue) = self.commands.take_overdue(then) {
            self.abandon(&overdue, &OVERLOADED);
        }
    }
}

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        let sockets = &self.shared.sockets;
        sockets.commands_answered(self.commands.len());
    }
}
