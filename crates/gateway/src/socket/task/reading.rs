//! Reads frames within the limits of a turn and charges for them.

use super::{ConnectionTask, SocketEnd};
use crate::commands::Malformed;
use crate::connection::{Close, Frame, FrameClass};
use crate::dispatch::command_span;
use crate::rate_limit::Cost;
use crate::socket::frame_reader::Inbound;
use crate::socket::linger::Discarded;
use crate::socket::pending_commands::QueuedCommand;
use crate::wire::{Error, UNAUTHENTICATED};
use bus::TraceId;
use tokio::time::Instant;

/// Most frames per turn, before other tasks run.
const FRAMES_AT_ONCE: usize = 32;

impl ConnectionTask {
    /// Reads for one turn.
    pub(super) fn read(&mut self) {
        let now = Instant::now();
        self.reader.begin_turn(now);
        self.may_have_input = self.read_frames(now);
        if self.reader.bytes_read() > 0 {
            self.deadlines.received(now);
        }
        if let Some((since, received)) = self.reader.unfinished() {
            let limits = &self.shared.limits;
            self.deadlines.receiving(since, received, limits);
        }
        if self.end.is_some() {
            return;
        }
        for _ in 0..self.reader.take_small_pieces() {
            self.charge_frame();
        }
        // While a client never pauses, nothing else polls the timer.
        if self.timer.deadline() <= now {
            self.on_timer();
        }
    }

    /// Reads frames up to the turn's limit; returns whether there may be more.
    fn read_frames(&mut self, now: Instant) -> bool {
        for _ in 0..FRAMES_AT_ONCE {
            match self.reader.next(&self.conn) {
                Inbound::Nothing => return self.reader.is_spent(),
                Inbound::Text(text) if self.dispatcher.echoes() => {
                    self.echo(Frame::text(&[text.as_bytes()]));
                }
                Inbound::Binary(bytes) if self.dispatcher.echoes() => {
                    self.echo(Frame::binary(&bytes));
                }
                Inbound::Text(text) => self.handle_text(&text),
                Inbound::Pong if self.pongs_owed > 0 => self.pongs_owed -= 1,
                Inbound::Ping | Inbound::Pong => self.charge_frame(),
                inbound => {
                    self.end = Some(self.reading_ended(&inbound));
                    return false;
                }
            }
            self.deadlines.received(now);
            if !self.may_read() {
                break;
            }
        }
        true
    }

    /// Reads and discards frames for one turn, after the server's close frame.
    pub(in crate::socket) fn discard_frames(&mut self) -> Discarded {
        self.reader.begin_turn(Instant::now());
        loop {
            match self.reader.next(&self.conn) {
                // The byte budget of a turn bounds this loop.
                Inbound::Text(_) | Inbound::Ping | Inbound::Pong => {}
                Inbound::Close(_) | Inbound::Lost => return Discarded::End,
                Inbound::Violation(_) | Inbound::Binary(_) => return Discarded::Malformed,
                Inbound::Nothing if self.reader.bytes_read() > 0 => {
                    return Discarded::Bytes(self.reader.bytes_read());
                }
                Inbound::Nothing => return Discarded::Nothing,
            }
        }
    }

    /// Returns how the connection ends with this input.
    fn reading_ended(&self, inbound: &Inbound) -> SocketEnd {
        match inbound {
            Inbound::Close(code) => SocketEnd::ByClient {
                clean: matches!(code, Some(1000 | 1001)),
            },
            Inbound::Violation(close) => self.close_malformed(*close),
            Inbound::Binary(_) => self.close_malformed(Close::BINARY),
            _ => SocketEnd::Lost,
        }
    }

    fn close_malformed(&self, close: Close) -> SocketEnd {
        self.conn.close(close);
        SocketEnd::ByServer {
            clean: false,
            ignore_input: true,
        }
    }

    /// Sends a message back instead of reading it as a command.
    fn echo(&self, frame: Frame) {
        self.conn.enqueue(frame, FrameClass::Push);
    }

    /// Queues the command in a text frame; refuses anything else at once.
    fn handle_text(&mut self, text: &str) {
        self.deadlines.message_received();
        match self.dispatcher.ops().read(text) {
            Ok(request) if self.commands.contains(request.id) => {
                let error = Error::field(
                    "id",
                    "is still in use: another command with it has no reply yet",
                );
                let op = request.command.op().name;
                self.refuse_bad(Some(request.id), Some(op), error);
            }
            Ok(request) => {
                self.shared.sockets.command_read();
                let trace = TraceId::random();
                self.commands.enqueue(QueuedCommand {
                    id: request.id,
                    span: command_span(&request.command, trace),
                    command: request.command,
                    trace,
                    since: Instant::now(),
                });
                self.start_ready();
            }
            // Before hello, every other mistake is reported as unauthenticated.
            Err(Malformed {
                id, op: Some(op), ..
            }) if self.caller.is_none() && op.needs_hello => {
                self.refuse_bad(id, Some(op.name), Error::new(&UNAUTHENTICATED));
            }
            Err(Malformed { id, op, error }) => {
                self.refuse_bad(id, op.map(|op| op.name), *error);
            }
        }
    }

    /// Charges an unsolicited control frame or a small fragment like a command.
    fn charge_frame(&mut self) {
        if self.bucket.charge(Cost::Other, self.limits()).is_err() {
            self.note_refusal();
        }
    }
}
