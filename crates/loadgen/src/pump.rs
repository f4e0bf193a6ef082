//! The hot loop: one thread, all its connections, one read buffer, no task and no lock.

use crate::dialect::Dialect;
use crate::plan::{Baton, Pace, Phase, Plan};
use crate::seat::{Common, Seat};
use crate::tally::Tally;
use crate::wire::{BUFFER_BYTES, Closed};
use mio::{Events, Interest, Poll, Token};
use std::time::{Duration, Instant};

/// After the last send: how long nothing may arrive before the rest counts as lost. A server that is
/// merely behind is waited for.
const SILENCE: Duration = Duration::from_secs(5);

pub(crate) struct Pump {
    poll: Poll,
    seats: Vec<Seat>,
    common: Common,
    baton: Baton,
    buffer: Vec<u8>,
    /// Where publishers sit, for an open loop.
    publishers: Vec<usize>,
    turns: usize,
}

impl Pump {
    pub(crate) fn new(
        plan: Plan,
        dialect: Dialect,
        mut seats: Vec<Seat>,
        baton: Baton,
    ) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        for (at, seat) in seats.iter_mut().enumerate() {
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry()
                .register(&mut seat.wire.stream, Token(at), interest)?;
        }
        let publishers = (0..seats.len())
            .filter(|at| seats[*at].publishes())
            .collect();
        Ok(Self {
            poll,
            seats,
            common: Common {
                plan,
                dialect,
                tally: Tally::new(),
                phase: Phase::Warming,
                now: 0,
                due: 0,
                got: 0,
                sent: 0,
                scratch: Vec::new(),
            },
            baton,
            buffer: vec![0; BUFFER_BYTES],
            publishers,
            turns: 0,
        })
    }

    /// Runs until the phase is over and everything under way has arrived.
    pub(crate) fn run(mut self) -> anyhow::Result<Tally> {
        let mut events = Events::with_capacity(1024);
        let began = Instant::now();
        let mut heard: Option<(u64, Instant)> = None;
        for at in 0..self.seats.len() {
            self.with_seat(at, |seat, common, _| {
                seat.fill(common);
                seat.wire.flush()
            });
        }
        loop {
            let timeout = match self.common.plan.pace {
                Pace::Open { .. } => Duration::from_millis(1),
                Pace::Closed { .. } => Duration::from_millis(20),
            };
            match self.poll.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            self.common.phase = self.baton.phase();
            self.common.now = self.common.plan.clock.now();
            for event in &events {
                self.with_seat(event.token().0, Seat::turn);
            }
            self.publish(began.elapsed());
            if !self.common.sending() {
                if heard.is_none_or(|(got, _)| got != self.common.got) {
                    heard = Some((self.common.got, Instant::now()));
                }
                let silent = heard.is_some_and(|(_, since)| since.elapsed() > SILENCE);
                if silent || self.settled() {
                    return Ok(self.finish());
                }
            }
        }
    }

    fn with_seat(
        &mut self,
        at: usize,
        act: impl FnOnce(&mut Seat, &mut Common, &mut [u8]) -> Result<(), Closed>,
    ) {
        let seat = &mut self.seats[at];
        if !seat.open {
            return;
        }
        if let Err(Closed(code)) = act(seat, &mut self.common, &mut self.buffer) {
            seat.open = false;
            self.common.tally.faults.closed += 1;
            self.common.tally.faults.close_code = code;
        }
    }

    /// In an open loop, what is due by now.
    fn publish(&mut self, elapsed: Duration) {
        let Pace::Open { per_s } = self.common.plan.pace else {
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
            if !self.common.sending() {
                continue;
            }
            // Of eight turns of a mixed day four are messages, two typing, one a reaction, one a page;
            // shifted in every round, so that everyone does all of it.
            let chatter = match (self.turns + self.turns / self.publishers.len()) % 8 {
                kind @ 4.. if self.common.plan.mixed => Some(kind - 4),
                _ => None,
            };
            self.with_seat(at, |seat, common, _| {
                match chatter {
                    Some(kind) => seat.chatter(kind, common.now),
                    None => seat.send(common),
                }
                seat.wire.flush()
            });
        }
    }

    fn settled(&self) -> bool {
        self.common.got >= self.common.due && !self.seats.iter().any(Seat::waits)
            || self.common.plan.sends_max != u64::MAX && self.common.tally.faults.closed > 0
    }

    fn finish(mut self) -> Tally {
        self.common.tally.faults.lost = self.common.due.saturating_sub(self.common.got);
        self.common.tally
    }
}
