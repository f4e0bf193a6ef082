//! What a connection reads, frame by frame.

use super::{End, Task};
use crate::dispatch::command_span;
use crate::socket::flights::Waiting;
use crate::socket::reader::Inbound;
use crate::wire::{self, Error, Malformed, UNAUTHENTICATED};
use bus::TraceId;
use tokio::time::Instant;

/// Frames read before others get their turn.
const FRAMES_AT_ONCE: usize = 32;

impl Task {
    pub(super) fn read(&mut self) {
        let now = Instant::now();
        self.more = true;
        for _ in 0..FRAMES_AT_ONCE {
            match self.reader.next(&self.conn) {
                Inbound::Nothing => {
                    self.more = false;
                    return;
                }
                Inbound::Text(text) => self.frame(&text),
                Inbound::Ping => self.pinged(),
                Inbound::Pong => {}
                inbound => return self.end = Some(self.last(&inbound)),
            }
            self.clock.seen(now);
            if self.end.is_some() || !self.reads() {
                return;
            }
        }
    }

    /// What ends the reading.
    fn last(&self, inbound: &Inbound) -> End {
        match inbound {
            Inbound::Close(code) => End::Theirs {
                clean: matches!(code, Some(1000 | 1001)),
            },
            Inbound::Refused(close) => {
                self.conn.close(*close);
                End::Ours {
                    clean: false,
                    deaf: true,
                }
            }
            _ => End::Lost,
        }
    }

    /// A text frame: a command waits for its turn, anything else is refused at once.
    fn frame(&mut self, text: &str) {
        match wire::read(text) {
            Ok(request) if self.flights.contains(request.id) => {
                let error = Error::field("id", "a command with this id has no reply yet");
                let op = request.command.op();
                self.refuse_bad(Some(request.id), Some(op), error);
            }
            Ok(request) => {
                self.gateway.shared.sockets.asked();
                let trace = TraceId::random();
                self.flights.wait(Waiting {
                    id: request.id,
                    span: command_span(&request.command, trace),
                    command: request.command,
                    trace,
                    since: Instant::now(),
                });
                self.launch();
            }
            // Who has not said hello is told that first, whatever else is wrong.
            Err(Malformed {
                id, op: Some(op), ..
            }) if self.caller.is_none() && op.needs_caller() => {
                self.refuse_bad(id, Some(op), Error::new(&UNAUTHENTICATED));
            }
            Err(malformed) => self.refuse_bad(malformed.id, malformed.op, *malformed.error),
        }
    }

    /// A control Ping costs like any frame; its Pong is on its way.
    fn pinged(&mut self) {
        let cost = wire::Cost::Other;
        if self.bucket.pay(cost, self.limits()).is_err() {
            self.refused();
        }
    }
}
