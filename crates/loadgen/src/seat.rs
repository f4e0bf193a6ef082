//! One connection in the hot loop: what it has seen, what it has sent.

use crate::dialect::{Dialect, Message, Seen};
use crate::frame::{self, Opcode};
use crate::plan::{Goal, Pace, Phase, Plan};
use crate::stamp::Stamp;
use crate::tally::Tally;
use crate::wire::{Closed, Wire};

/// Messages of one connection whose answers are waited for at once, at most.
const OUTSTANDING_MAX: usize = 4096;

/// What all seats of a loop share.
pub(crate) struct Common {
    pub(crate) plan: Plan,
    pub(crate) dialect: Dialect,
    pub(crate) tally: Tally,
    pub(crate) phase: Phase,
    pub(crate) now: u64,
    /// Deliveries that all messages so far must lead to, and those that came.
    pub(crate) due: u64,
    pub(crate) got: u64,
    pub(crate) sent: u64,
    pub(crate) scratch: Vec<u8>,
}

impl Common {
    fn measuring(&self) -> bool {
        self.phase == Phase::Measuring
    }

    pub(crate) fn sending(&self) -> bool {
        self.phase != Phase::Ending && self.sent < self.plan.sends_max
    }
}

pub(crate) struct Seat {
    pub(crate) wire: Wire,
    pub(crate) room: String,
    /// How many get each message of this room.
    pub(crate) readers: u64,
    pub(crate) open: bool,
    view: View,
    publisher: Option<Publisher>,
}

/// What a receiver has seen of its room.
struct View {
    /// The server's last number; 0 before the first.
    seq: u64,
    /// The last number that was a message's.
    message: u64,
    /// The last count of each publisher.
    counts: Vec<u64>,
}

struct Publisher {
    number: u64,
    sent: u64,
    outstanding: u64,
    next_id: u64,
    /// When each command went out, by its id; made when answers are timed.
    sent_at: Vec<u64>,
}

impl Seat {
    pub(crate) fn new(
        wire: Wire,
        room: &str,
        readers: u64,
        publisher: Option<u64>,
        goal: Goal,
    ) -> Self {
        Self {
            wire,
            room: room.to_owned(),
            readers,
            open: true,
            view: View {
                seq: 0,
                message: 0,
                counts: Vec::new(),
            },
            publisher: publisher.map(|number| Publisher {
                number,
                sent: 0,
                outstanding: 0,
                // Above every id that was used while the crowd was seated.
                next_id: 1_000,
                sent_at: match goal {
                    Goal::Ack => vec![0; OUTSTANDING_MAX],
                    Goal::Delivery => Vec::new(),
                },
            }),
        }
    }

    /// Reads what came, and in a closed loop sends what it makes room for.
    pub(crate) fn turn(&mut self, common: &mut Common, buffer: &mut [u8]) -> Result<(), Closed> {
        let Self {
            wire,
            view,
            publisher,
            room,
            readers,
            ..
        } = self;
        let dialect = common.dialect;
        wire.read(buffer, |payload, output| {
            dialect.scan(payload, room, |seen| match seen {
                Seen::Delivery { seq, stamp } => {
                    view.delivered(seq, stamp, common);
                    if let (Some(publisher), Some(stamp)) = (publisher.as_mut(), stamp)
                        && common.plan.goal == Goal::Delivery
                        && publisher.number == stamp.publisher
                    {
                        publisher.outstanding = publisher.outstanding.saturating_sub(1);
                    }
                }
                Seen::Reply { id, ok } => {
                    if let Some(publisher) = publisher {
                        publisher.answered(id, ok, common);
                        // What is declined is counted as that, and not as lost too.
                        if !ok && !common.plan.mixed {
                            common.due = common.due.saturating_sub(*readers);
                        }
                    }
                }
                Seen::Beat(opcode, answer) => frame::write(output, opcode, answer),
                Seen::Hole => common.tally.faults.refused += 1,
                Seen::Other => {}
            });
        })?;
        self.fill(common);
        self.wire.flush()
    }

    /// Sends until as many are outstanding as the plan wants.
    pub(crate) fn fill(&mut self, common: &mut Common) {
        let Pace::Closed { outstanding } = common.plan.pace else {
            return;
        };
        while common.sending()
            && self
                .publisher
                .as_ref()
                .is_some_and(|publisher| publisher.outstanding < outstanding)
        {
            self.send(common);
        }
    }

    /// Sends one message, whatever is outstanding; [`Wire::flush`] writes it.
    pub(crate) fn send(&mut self, common: &mut Common) {
        let Some(publisher) = &mut self.publisher else {
            return;
        };
        publisher.sent += 1;
        publisher.outstanding += 1;
        let message = Message {
            room: &self.room,
            id: publisher.command(common.now),
            nonce: common.plan.nonce,
            stamp: Stamp {
                publisher: publisher.number,
                count: publisher.sent,
                at: common.now,
            },
        };
        let output = self.wire.output();
        common.dialect.write(output, &mut common.scratch, &message);
        common.due += self.readers;
        common.sent += 1;
        if common.measuring() {
            common.tally.sent += 1;
        }
    }

    /// One command that is no message, of those a lively day has: by turns typing, a reaction and a
    /// page of history.
    pub(crate) fn chatter(&mut self, kind: usize, now: u64) {
        let Some(publisher) = &mut self.publisher else {
            return;
        };
        let (id, room) = (publisher.command(now), &self.room);
        let message = self.view.message;
        let text = match kind {
            0 if message > 0 => format!(
                r#"{{"id":{id},"op":"react","d":{{"room":"{room}","target":{message},"emoji":"👍","on":true}}}}"#
            ),
            1 => format!(r#"{{"id":{id},"op":"history","d":{{"room":"{room}","limit":50}}}}"#),
            _ => format!(r#"{{"id":{id},"op":"typing","d":{{"room":"{room}","on":true}}}}"#),
        };
        frame::write(self.wire.output(), Opcode::Text, text.as_bytes());
    }

    pub(crate) fn publishes(&self) -> bool {
        self.publisher.is_some()
    }

    pub(crate) fn waits(&self) -> bool {
        self.open
            && self
                .publisher
                .as_ref()
                .is_some_and(|publisher| publisher.outstanding > 0)
    }
}

impl View {
    fn delivered(&mut self, seq: Option<u64>, stamp: Option<Stamp>, common: &mut Common) {
        if let Some(seq) = seq {
            if self.seq != 0 && seq != self.seq + 1 {
                common.tally.faults.disordered += 1;
            }
            self.seq = seq;
        }
        let Some(stamp) = stamp else { return };
        self.message = self.seq;
        let publisher = usize::try_from(stamp.publisher).expect("three digits");
        if self.counts.len() <= publisher {
            self.counts.resize(publisher + 1, 0);
        }
        if stamp.count <= self.counts[publisher] {
            common.tally.faults.repeated += 1;
            return;
        }
        self.counts[publisher] = stamp.count;
        common.got += 1;
        if common.measuring() {
            common.tally.deliveries += 1;
            if common.plan.goal == Goal::Delivery {
                let latency = common.now.saturating_sub(stamp.at);
                common.tally.latency.saturating_record(latency);
            }
        }
    }
}

impl Publisher {
    /// The id of the next command, whose time is kept.
    fn command(&mut self, now: u64) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if !self.sent_at.is_empty() {
            self.sent_at[Self::place(id)] = now;
        }
        id
    }

    fn answered(&mut self, id: u64, ok: bool, common: &mut Common) {
        if !ok {
            common.tally.faults.refused += 1;
            if common.plan.goal == Goal::Delivery {
                self.outstanding = self.outstanding.saturating_sub(1);
            }
        }
        if common.measuring() {
            common.tally.acked += 1;
        }
        if common.plan.goal != Goal::Ack {
            return;
        }
        self.outstanding = self.outstanding.saturating_sub(1);
        if common.measuring() {
            let latency = common.now.saturating_sub(self.sent_at[Self::place(id)]);
            common.tally.latency.saturating_record(latency);
        }
    }

    fn place(id: u64) -> usize {
        usize::try_from(id).unwrap_or_default() % OUTSTANDING_MAX
    }
}
