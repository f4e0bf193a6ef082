//! The one task of a connection: reads, carries commands out, replies, keeps time.

mod reading;
mod replies;

use super::clock::{Clock, Due};
use super::flights::{Flights, Running, Waiting};
use super::flood::Flood;
use super::reader::Reader;
use crate::Limits;
use crate::connection::{Class, Close, Conn, Frame};
use crate::dispatch::{Answer, Call, Dispatcher, Replay};
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

type Line = BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>;

pub(super) struct Task {
    shared: Arc<Shared>,
    dispatcher: Arc<Dispatcher>,
    conn: Arc<Conn>,
    reader: Reader,
    /// Whole frames may wait in the reader's buffer: the kernel need not have anything.
    more: bool,
    /// Our control Pings whose Pong has not come yet: those are free.
    pongs_owed: u8,
    flights: Flights,
    /// This connection stands in line for a place on the bus.
    line: Option<Line>,
    /// The place it got.
    place: Option<OwnedSemaphorePermit>,
    bucket: Arc<Bucket>,
    flood: Flood,
    caller: Option<Caller>,
    replay: Option<Replay>,
    page: Option<BoxFuture<'static, Replay>>,
    /// It has tried to say hello: sessions may know of it.
    knocked: bool,
    clock: Clock,
    timer: Pin<Box<Sleep>>,
    end: Option<End>,
}

/// Why a connection's task goes on.
#[expect(
    clippy::large_enum_variant,
    reason = "it goes from one line to the next and is kept nowhere"
)]
enum Woken {
    /// It is to look up.
    Bell,
    /// A command has its answer.
    Landed(Running, Result<Answer, Error>),
    /// Its turn in the line has come.
    Admitted(Option<OwnedSemaphorePermit>),
    /// A page of the replay is in the queue.
    Paged(Replay),
    /// The kernel takes more.
    Writable,
    /// Something has come.
    Readable,
    /// Something is due.
    Late,
}

/// For whom a connection's task pauses.
enum Pause {
    /// It goes on at once.
    No,
    /// The hub is about to put in what came of a write: one writing will do for it and the reply.
    ForHub,
    /// It has read all that one turn may: whoever else is ready goes first, and whoever has just
    /// become so by a socket or a timer. Without that a client that never pauses would own a thread.
    ForAll,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// We close it: the close frame is in the queue.
    Ours {
        /// After its own `logout`.
        clean: bool,
        /// The client has broken the rules: what it sends is not understood any more.
        deaf: bool,
    },
    /// The client closed it: the echo is in the queue.
    Theirs {
        /// With 1000 or 1001.
        clean: bool,
    },
    /// It broke.
    Lost,
}

impl Task {
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
        let clock = Clock::new(now, limits);
        Self {
            reader: Reader::new(read_ahead, limits),
            more: true,
            pongs_owed: 0,
            flights: Flights::default(),
            line: None,
            place: None,
            bucket,
            flood: Flood::default(),
            caller: None,
            replay: None,
            page: None,
            knocked: false,
            timer: Box::pin(sleep_until(clock.next(limits))),
            clock,
            end: None,
            conn,
            shared,
            dispatcher,
        }
    }

    /// Whether anyone else may know of this connection.
    pub(super) fn has_knocked(&self) -> bool {
        self.knocked
    }

    /// Runs until it has ended, one way or another.
    pub(super) async fn run(&mut self) -> End {
        loop {
            self.turn();
            if let Some(end) = self.end {
                return end;
            }
            match self.wait().await {
                Pause::No => {}
                Pause::ForHub => bus::give_way().await,
                Pause::ForAll => tokio::task::yield_now().await,
            }
        }
    }

    /// Starts what can be started and writes what has come together.
    fn turn(&mut self) {
        self.launch();
        self.say_goodbye();
        if !self.is_blocked() {
            self.conn.write_out();
        }
        // After the writing: what it has drained rings no bell.
        self.replay();
        self.look();
    }

    /// Has it ended?
    fn look(&mut self) {
        let egress = self.conn.egress();
        let (broken, closing) = (egress.is_broken(), egress.closing());
        drop(egress);
        if broken {
            self.end.get_or_insert(End::Lost);
        } else if let Some(close) = closing {
            self.end.get_or_insert(End::Ours {
                clean: close == Close::LOGOUT,
                deaf: false,
            });
        }
    }

    async fn wait(&mut self) -> Pause {
        let due = self.due_at();
        if due < self.timer.deadline() {
            self.timer.as_mut().reset(due);
        }
        let blocked = self.is_blocked();
        match poll_fn(|cx| self.poll_woken(cx, blocked)).await {
            Woken::Bell => {}
            Woken::Landed(landed, result) => {
                self.land_all(&landed, result);
                if landed.op.lane.writes() {
                    return Pause::ForHub;
                }
            }
            Woken::Admitted(place) => self.admitted(place),
            Woken::Paged(replay) => self.paged(replay),
            Woken::Writable => {
                self.conn.write_out();
            }
            Woken::Readable => {
                self.read();
                if self.more {
                    return Pause::ForAll;
                }
            }
            Woken::Late => self.time_is_up(),
        }
        Pause::No
    }

    /// The first thing to do of all that it waits for. Polled by hand: the futures of a `select!`
    /// would lie in every idle connection.
    fn poll_woken(&mut self, cx: &mut Context<'_>, blocked: bool) -> Poll<Woken> {
        if self.conn.bell.poll_heard(cx).is_ready() {
            return Poll::Ready(Woken::Bell);
        }
        if let Poll::Ready((landed, result)) = self.flights.poll_landed(cx) {
            return Poll::Ready(Woken::Landed(landed, result));
        }
        if let Some(line) = &mut self.line
            && let Poll::Ready(place) = line.poll_unpin(cx)
        {
            return Poll::Ready(Woken::Admitted(place.ok()));
        }
        if let Some(page) = &mut self.page
            && let Poll::Ready(replay) = page.poll_unpin(cx)
        {
            return Poll::Ready(Woken::Paged(replay));
        }
        // An error shows itself in the writing or reading.
        if blocked && self.conn.stream.poll_writable(cx).is_ready() {
            return Poll::Ready(Woken::Writable);
        }
        if self.reads() && self.poll_readable(cx).is_ready() {
            return Poll::Ready(Woken::Readable);
        }
        self.timer.as_mut().poll(cx).map(|()| Woken::Late)
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.more {
            Poll::Ready(())
        } else {
            self.conn.stream.poll_readable(cx).map(|_| ())
        }
    }

    /// Whether commands are read now.
    fn reads(&self) -> bool {
        let limits = self.limits();
        if self.conn.is_draining() || self.flights.len() >= limits.unanswered_max {
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
    fn launch(&mut self) {
        let mut held = Vec::new();
        for waiting in self.flights.ready() {
            if !waiting.command.op().lane.writes() {
                self.start(waiting, None);
            } else if let Some(place) = self.place() {
                self.start(waiting, Some(place));
            } else {
                held.push(waiting);
            }
        }
        self.flights.put_back(held);
        // Whatever it was for has been taken out meanwhile.
        self.place = None;
    }

    /// A place on the bus, if there is one and nobody of this connection stands in line.
    fn place(&mut self) -> Option<OwnedSemaphorePermit> {
        if let Some(place) = self.place.take() {
            return Some(place);
        }
        if self.line.is_some() {
            return None;
        }
        let line = &self.shared.line;
        let place = Arc::clone(line).try_acquire_owned().ok();
        if place.is_none() {
            self.line = Some(Arc::clone(line).acquire_owned().boxed());
        }
        place
    }

    fn start(&mut self, waiting: Waiting, place: Option<OwnedSemaphorePermit>) {
        let Waiting {
            id,
            command,
            trace,
            span,
            since,
        } = waiting;
        let running = Running {
            id,
            op: command.op(),
            trace,
            span: span.clone(),
            since,
            room: command.room(),
        };
        self.knocked |= matches!(command, Command::Hello(_));
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
        let flying = async move {
            let answer = dispatcher.answer(call).await;
            drop(place);
            (id, answer)
        };
        self.flights.start(running, flying.boxed());
    }

    /// Begins to read the next page of what the client has missed, once the last has drained.
    fn replay(&mut self) {
        if self.page.is_some() || self.replay.is_none() {
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
        self.page = Some(step.boxed());
    }

    /// Its turn in the line has come.
    fn admitted(&mut self, place: Option<OwnedSemaphorePermit>) {
        self.line = None;
        self.place = place;
    }

    fn paged(&mut self, mut replay: Replay) {
        self.page = None;
        if let Some(added) = self.replay.take() {
            replay.absorb(added);
        }
        self.replay = Some(replay);
    }

    /// When something will be due, the queue's age and waiting commands included.
    fn due_at(&self) -> Instant {
        let limits = self.limits();
        let egress = self.conn.egress().expires();
        let waiting = self.flights.oldest().map(|at| at + limits.reply_within);
        let message = self.reader.complete_by(limits);
        let others = [egress, waiting, message].into_iter().flatten();
        others.fold(self.clock.next(limits), Instant::min)
    }

    fn time_is_up(&mut self) {
        let now = Instant::now();
        if !self.reads() {
            // Who is not read cannot answer a ping, nor finish a message.
            self.clock.seen(now);
            self.reader.restart(now);
        }
        while let Some(due) = self.clock.due(now, &self.shared.limits) {
            self.is_due(due);
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
        self.shed(now);
        let next = self.due_at();
        self.timer.as_mut().reset(next);
    }

    fn is_due(&mut self, due: Due) {
        match due {
            Due::Ping => {
                self.pongs_owed = self.pongs_owed.saturating_add(1);
                self.conn.put(Frame::ping(), Class::Push);
                self.conn.put(Frame::json(&push::ping()), Class::Push);
            }
            Due::Warning(left) => {
                let ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                let warning = Frame::json(&push::auth_expiring(ms));
                self.conn.put(warning, Class::Push);
            }
            Due::NoPong => self.conn.close(Close::NO_PONG),
            Due::NoHello => self.conn.close(Close::NO_HELLO),
            Due::Expired => self.conn.close(Close::EXPIRED),
        }
    }

    /// Commands that have waited in vain for those before them: nothing was done.
    fn shed(&mut self, now: Instant) {
        let Some(then) = now.checked_sub(self.limits().reply_within) else {
            return;
        };
        while let Some(overdue) = self.flights.overdue(then) {
            self.abandon(&overdue, &OVERLOADED);
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let sockets = &self.shared.sockets;
        sockets.answered(self.flights.len());
    }
}
