//! One connection of an event loop: what it has received and what it has sent.

use crate::counters::Counters;
use crate::frame::{self, Opcode};
use crate::plan::{Completion, Pace, Phase, Plan};
use crate::protocol::{Incoming, Message, Protocol};
use crate::socket::{Closed, Socket};
use crate::stamp::Stamp;

/// Most messages of one connection without an answer.
const OUTSTANDING_MAX: usize = 4096;

/// State that all connections of a loop share.
pub(crate) struct LoopState {
    pub(crate) plan: Plan,
    pub(crate) protocol: Protocol,
    pub(crate) counters: Counters,
    pub(crate) phase: Phase,
    pub(crate) now: u64,
    /// Deliveries that the messages so far must cause, and those received.
    pub(crate) expected: u64,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) scratch: Vec<u8>,
}

impl LoopState {
    fn measuring(&self) -> bool {
        self.phase == Phase::Measuring
    }

    pub(crate) fn sending(&self) -> bool {
        self.phase != Phase::Ending && self.sent < self.plan.sends_max
    }
}

pub(crate) struct Connection {
    pub(crate) socket: Socket,
    pub(crate) room: String,
    /// Receivers of each message of this room.
    pub(crate) readers: u64,
    pub(crate) open: bool,
    receiver: Receiver,
    publisher: Option<Publisher>,
}

/// What a connection has received from its room.
struct Receiver {
    /// The last sequence number; 0 before the first.
    seq: u64,
    /// The last sequence number of a message.
    message: u64,
    /// The last message count of each publisher.
    counts: Vec<u64>,
}

struct Publisher {
    number: u64,
    sent: u64,
    outstanding: u64,
    next_id: u64,
    /// When each command was sent, by its id; empty unless answers are timed.
    sent_at: Vec<u64>,
}

impl Connection {
    pub(crate) fn new(
        socket: Socket,
        room: &str,
        readers: u64,
        publisher: Option<u64>,
        completion: Completion,
    ) -> Self {
        Self {
            socket,
            room: room.to_owned(),
            readers,
            open: true,
            receiver: Receiver {
                seq: 0,
                message: 0,
                counts: Vec::new(),
            },
            publisher: publisher.map(|number| Publisher {
                number,
                sent: 0,
                outstanding: 0,
                // Above every id that was used while the fleet connected.
                next_id: 1_000,
                sent_at: match completion {
                    Completion::Ack => vec![0; OUTSTANDING_MAX],
                    Completion::Delivery => Vec::new(),
                },
            }),
        }
    }

    /// Reads what has arrived and, in a closed loop, sends as many messages as have completed.
    pub(crate) fn on_ready(
        &mut self,
        state: &mut LoopState,
        buffer: &mut [u8],
    ) -> Result<(), Closed> {
        let Self {
            socket,
            receiver,
            publisher,
            room,
            readers,
            ..
        } = self;
        let protocol = state.protocol;
        socket.read(buffer, |payload, output| {
            protocol.scan(payload, room, |seen| match seen {
                Incoming::Delivery { seq, stamp } => {
                    receiver.on_delivery(seq, stamp, state);
                    if let (Some(publisher), Some(stamp)) = (publisher.as_mut(), stamp)
                        && state.plan.completion == Completion::Delivery
                        && publisher.number == stamp.publisher
                    {
                        publisher.outstanding = publisher.outstanding.saturating_sub(1);
                    }
                }
                Incoming::Reply { id, ok } => {
                    if let Some(publisher) = publisher {
                        publisher.on_reply(id, ok, state);
                        // A refused message counts as refused, not also as lost.
                        if !ok && !state.plan.mixed {
                            state.expected = state.expected.saturating_sub(*readers);
                        }
                    }
                }
                Incoming::Heartbeat(opcode, answer) => frame::write(output, opcode, answer),
                Incoming::Gap => state.counters.faults.refused += 1,
                Incoming::Other => {}
            });
        })?;
        self.fill(state);
        self.socket.flush()
    }

    /// Sends until as many messages are outstanding as the plan asks for.
    pub(crate) fn fill(&mut self, state: &mut LoopState) {
        let Pace::Closed { outstanding } = state.plan.pace else {
            return;
        };
        while state.sending()
            && self
                .publisher
                .as_ref()
                .is_some_and(|publisher| publisher.outstanding < outstanding)
        {
            self.send(state);
        }
    }

    /// Queues one message, however many are outstanding; [`Socket::flush`] writes it.
    pub(crate) fn send(&mut self, state: &mut LoopState) {
        let Some(publisher) = &mut self.publisher else {
            return;
        };
        publisher.sent += 1;
        publisher.outstanding += 1;
        let message = Message {
            room: &self.room,
            id: publisher.next_command(state.now),
            nonce: state.plan.nonce,
            stamp: Stamp {
                publisher: publisher.number,
                count: publisher.sent,
                at: state.now,
            },
        };
        let output = self.socket.output();
        state.protocol.write(output, &mut state.scratch, &message);
        state.expected += self.readers;
        state.sent += 1;
        if state.measuring() {
            state.counters.sent += 1;
        }
    }

    /// Queues one of the other commands of a mixed day: a reaction, a page of history, or typing.
    pub(crate) fn send_other(&mut self, kind: usize, now: u64) {
        let Some(publisher) = &mut self.publisher else {
            return;
        };
        let (id, room) = (publisher.next_command(now), &self.room);
        let message = self.receiver.message;
        let text = match kind {
            0 if message > 0 => format!(
                r#"{{"id":{id},"op":"react","d":{{"room":"{room}","target":{message},"emoji":"👍","on":true}}}}"#
            ),
            1 => format!(r#"{{"id":{id},"op":"history","d":{{"room":"{room}","limit":50}}}}"#),
            _ => format!(r#"{{"id":{id},"op":"typing","d":{{"room":"{room}","on":true}}}}"#),
        };
        frame::write(self.socket.output(), Opcode::Text, text.as_bytes());
    }

    pub(crate) fn is_publisher(&self) -> bool {
        self.publisher.is_some()
    }

    pub(crate) fn has_outstanding(&self) -> bool {
        self.open
            && self
                .publisher
                .as_ref()
                .is_some_and(|publisher| publisher.outstanding > 0)
    }
}

impl Receiver {
    fn on_delivery(&mut self, seq: Option<u64>, stamp: Option<Stamp>, state: &mut LoopState) {
        if let Some(seq) = seq {
            if self.seq != 0 && seq != self.seq + 1 {
                state.counters.faults.disordered += 1;
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
            state.counters.faults.repeated += 1;
            return;
        }
        self.counts[publisher] = stamp.count;
        state.received += 1;
        if state.measuring() {
            state.counters.deliveries += 1;
            if state.plan.completion == Completion::Delivery {
                let latency = state.now.saturating_sub(stamp.at);
                state.counters.latency.saturating_record(latency);
            }
        }
    }
}

impl Publisher {
    /// Returns the id of the next command and notes when it was sent.
    fn next_command(&mut self, now: u64) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        if !self.sent_at.is_empty() {
            self.sent_at[Self::slot(id)] = now;
        }
        id
    }

    fn on_reply(&mut self, id: u64, ok: bool, state: &mut LoopState) {
        if !ok {
            state.counters.faults.refused += 1;
            if state.plan.completion == Completion::Delivery {
                self.outstanding = self.outstanding.saturating_sub(1);
            }
        }
        if state.measuring() {
            state.counters.acked += 1;
        }
        if state.plan.completion != Completion::Ack {
            return;
        }
        self.outstanding = self.outstanding.saturating_sub(1);
        if state.measuring() {
            let latency = state.now.saturating_sub(self.sent_at[Self::slot(id)]);
            state.counters.latency.saturating_record(latency);
        }
    }

    fn slot(id: u64) -> usize {
        usize::try_from(id).unwrap_or_default() % OUTSTANDING_MAX
    }
}
