//! The one task of a connection: reads, carries commands out, replies, keeps time.

mod reading;
mod replies;

use super::deadlines::{Deadlines, Due};
use super::flood_detector::FloodDetector;
use super::frame_reader::FrameReader;
use super::pending_commands::{PendingCommands, QueuedCommand, RunningCommand};
use crate::Limits;
use crate::connection::{Close, Conn, Frame, FrameClass};
use crate::dispatch::{Call, CommandReply, Dispatcher, Replay};
use crate::rate_limit::Bucket;
use crate::shared::Shared;
use crate::wire::{Command, Error, OVERLOADED, push};
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

/// A replay's next page is read when less than this waits for the socket.
const REPLAY_BELOW: usize = 16 << 10;

type AdmissionFuture = BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>;

pub(super) struct ConnectionTask {
    shared: Arc<Shared>,
    dispatcher: Arc<Dispatcher>,
    conn: Arc<Conn>,
    reader: FrameReader,
    /// Whole frames may wait in the reader's buffer: the kernel need not have anything.
    may_have_input: bool,
    /// Our control Pings whose Pong has not come yet: those are free.
    pongs_owed: u8,
    commands: PendingCommands,
    /// This connection stands in line for a place on the bus.
    admission: Option<AdmissionFuture>,
    /// The place it got.
    permit: Option<OwnedSemaphorePermit>,
    bucket: Arc<Bucket>,
    flood: FloodDetector,
    caller: Option<Caller>,
    replay: Option<Replay>,
    replay_page: Option<BoxFuture<'static, Replay>>,
    /// It has tried to say hello: sessions may know of it.
    hello_attempted: bool,
    deadlines: Deadlines,
    timer: Pin<Box<Sleep>>,
    end: Option<SocketEnd>,
}

/// Why a connection's task goes on.
#[expect(
    clippy::large_enum_variant,
    reason = "it goes from one line to the next and is kept nowhere"
)]
enum Wake {
    /// It is to look up.
    Notified,
    /// A command has its answer.
    Completed(RunningCommand, Result<CommandReply, Error>),
    /// Its turn in the line has come.
    Admitted(Option<OwnedSemaphorePermit>),
    /// A page of the replay is in the queue.
    ReplayPage(Replay),
    /// The kernel takes more.
    Writable,
    /// Something has come.
    Readable,
    /// Something is due.
    Timer,
}

/// For whom a connection's task pauses.
enum Yield {
    /// It goes on at once.
    No,
    /// The hub is about to put in what came of a write: one writing will do for it and the reply.
    ToHub,
    /// It has read all that one turn may: whoever else is ready goes first, and whoever has just
    /// become so by a socket or a timer. Without that a client that never pauses would own a thread.
    ToRuntime,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketEnd {
    /// We close it: the close frame is in the queue.
    ByServer {
        /// After its own `logout`.
        clean: bool,
        /// The client has broken the rules: what it sends is not understood any more.
        ignore_input: bool,
    },
    /// The client closed it: the echo is in the queue.
    ByClient {
        /// With 1000 or 1001.
        clean: bool,
    },
    /// It broke.
    Lost,
}

impl ConnectionTask {
    /// One that is paid for from `bucket` until it has said hello.
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

    /// Whether anyone else may know of this connection.
    pub(super) fn has_attempted_hello(&self) -> bool {
        self.hello_attempted
    }

    /// Runs until it has ended, one way or another.
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

    /// Starts what can be started and writes what has come together.
    fn turn(&mut self) {
        self.start_ready();
        self.say_goodbye();
        if !self.is_blocked() {
            self.conn.write_out();
        }
        // After the writing: what it has drained rings no bell.
        self.replay();
        self.check_end();
    }

    /// Has it ended?
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

    /// The first thing to do of all that it waits for. Polled by hand: the futures of a `select!`
    /// would lie in every idle connection.
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
        // An error shows itself in the writing or reading.
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

    /// Whether commands are read now.
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

    /// Starts the commands whose turn it is. What takes a place in the order of the bus first
    /// stands in line, one command of this connection at a time, so that none overtakes another.
    fn start_ready(&mut self) {
        let mut blocked = Vec::new();
        for queued in self.commands.take_ready() {
            if !queued.command.op().lane.writes() {
                self.start(queued, None);
            } else if let Some(permit) = self.permit() {
                self.start(queued, Some(permit));
            } else {
                blocked.push(queued);
            }
        }
        self.commands.requeue(blocked);
        // Whatever it was for has been taken out meanwhile.
        self.permit = None;
    }

    /// A place on the bus, if there is one and nobody of this connection stands in line.
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
            op: command.op(),
            trace,
            span: span.clone(),
            since,
            room: command.room(),
        };
        self.hello_attempted |= matches!(command, Command::Hello(_));
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

    /// Begins to read the next page of what the client has missed, once the last has drained.
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

    /// Its turn in the line has come.
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

    /// When something will be due, the queue's age and waiting commands included.
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
            // Who is not read cannot answer a ping, nor finish a message.
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
            Due::NoPong => self.conn.close(Close::NO_PONG),
            Due::NoHello => self.conn.close(Close::NO_HELLO),
            Due::Expired => self.conn.close(Close::EXPIRED),
        }
    }

    /// Commands that have waited in vain for those before them: nothing was done.
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
