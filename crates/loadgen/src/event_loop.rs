//! The event loop: one thread, its connections and one read buffer; no tasks and no locks.

use crate::connection::{Connection, LoopState};
use crate::counters::Counters;
use crate::plan::{Pace, Phase, PhaseSignal, Plan};
use crate::protocol::Protocol;
use crate::socket::{BUFFER_BYTES, Closed};
use mio::{Events, Interest, Poll, Token};
use std::time::{Duration, Instant};

/// How long nothing may arrive after the last send before the rest counts as lost; longer than a
/// server that is merely behind stays silent.
const SILENCE: Duration = Duration::from_secs(5);

pub(crate) struct EventLoop {
    poll: Poll,
    connections: Vec<Connection>,
    state: LoopState,
    signal: PhaseSignal,
    buffer: Vec<u8>,
    /// Indexes of the publishers, for an open loop.
    publishers: Vec<usize>,
    turns: usize,
}

impl EventLoop {
    pub(crate) fn new(
        plan: Plan,
        protocol: Protocol,
        mut connections: Vec<Connection>,
        signal: PhaseSignal,
    ) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        for (at, connection) in connections.iter_mut().enumerate() {
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(&mut connection.socket.stream, Token(at), interest)?;
        }
        let publishers = (0..connections.len())
            .filter(|at| connections[*at].is_publisher())
            .collect();
        Ok(Self {
            poll,
            connections,
            state: LoopState {
                plan,
                protocol,
                counters: Counters::new(),
                phase: Phase::Warming,
                now: 0,
                expected: 0,
                received: 0,
                sent: 0,
                scratch: Vec::new(),
            },
            signal,
            buffer: vec![0; BUFFER_BYTES],
            publishers,
            turns: 0,
        })
    }

    /// Runs until the last phase and until everything under way has arrived.
    pub(crate) fn run(mut self) -> anyhow::Result<Counters> {
        let mut events = Events::with_capacity(1024);
        let began = Instant::now();
        let mut progress: Option<(u64, Instant)> = None;
        for at in 0..self.connections.len() {
            self.with_connection(at, |connection, state, _| {
                connection.fill(state);
                connection.socket.flush()
            });
        }
        loop {
            let timeout = match self.state.plan.pace {
                Pace::Open { .. } => Duration::from_millis(1),
                Pace::Closed { .. } => Duration::from_millis(20),
            };
            match self.poll.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            self.state.phase = self.signal.phase();
            self.state.now = self.state.plan.clock.now();
            for event in &events {
                self.with_connection(event.token().0, Connection::on_ready);
            }
            self.publish(began.elapsed());
            if !self.state.sending() {
                if progress.is_none_or(|(received, _)| received != self.state.received) {
                    progress = Some((self.state.received, Instant::now()));
                }
                let silent = progress.is_some_and(|(_, since)| since.elapsed() > SILENCE);
                if silent || self.settled() {
                    return Ok(self.finish());
                }
            }
        }
    }

    fn with_connection(
        &mut self,
        at: usize,
        act: impl FnOnce(&mut Connection, &mut LoopState, &mut [u8]) -> Result<(), Closed>,
    ) {
        let connection = &mut self.connections[at];
        if !connection.open {
            return;
        }
        if let Err(Closed(code)) = act(connection, &mut self.state, &mut self.buffer) {
            connection.open = false;
            self.state.counters.faults.closed += 1;
            self.state.counters.faults.close_code = code;
        }
    }

    /// Sends what is due by now, in an open loop.
    fn publish(&mut self, elapsed: Duration) {
        let Pace::Open { per_s } = self.state.plan.pace else {
            return;
        };
        if self.publishers.is_empty() {
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of turns"
        )]
        let due = (elapsed.as_secs_f64() * per_s) as usize;
        while self.turns < due {
            let at = self.publishers[self.turns % self.publishers.len()];
            self.turns += 1;
            if !self.state.sending() {
                continue;
            }
            // Of eight turns of a mixed day four are messages, two typing, one a reaction and one a
            // page; shifted in every round, so that each publisher does all of them.
            let other = match (self.turns + self.turns / self.publishers.len()) % 8 {
                kind @ 4.. if self.state.plan.mixed => Some(kind - 4),
                _ => None,
            };
            self.with_connection(at, |connection, state, _| {
                match other {
                    Some(kind) => connection.send_other(kind, state.now),
                    None => connection.send(state),
                }
                connection.socket.flush()
            });
        }
    }

    fn settled(&self) -> bool {
        self.state.received >= self.state.expected
            && !self.connections.iter().any(Connection::has_outstanding)
            || self.state.plan.sends_max != u64::MAX && self.state.counters.faults.closed > 0
    }

    fn finish(mut self) -> Counters {
        self.state.counters.faults.lost = self.state.expected.saturating_sub(self.state.received);
        self.state.counters
    }
}
