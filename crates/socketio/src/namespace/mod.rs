//! The namespace `/` of one client: from CONNECT over the `hello` to the chat, and what is translated then.

mod answer;
mod auth;
mod chat;
mod entry_events;
mod following;
mod frame;
mod greeting;
mod hello_reply;
mod live;
mod ops;
mod refusal;

use crate::engine::Outbox;
use crate::figures::Figures;
use crate::packet::{self, ClientEvent, MAIN, PacketKind};
use crate::pid::Pid;
use answer::Answer;
use auth::{Auth, Hello};
use chat::Chat;
use extension::{Door, DoorError, SocketFrame};
use frame::ChatFrame;
use greeting::{Greeting, Purpose};
use live::Live;
use refusal::Refusal;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Packets of a client that has not authenticated yet: beyond them it is closed, since nothing else charges it.
const STRANGERS_PACKETS: u32 = 20;
/// Most attachments of one packet that are skipped.
const ATTACHMENTS_MAX: usize = 10;
/// Longest pause before a client that the server could not serve now is sent away to come back.
const RETREAT_MAX: Duration = Duration::from_secs(5);

/// The state of one client in the namespace.
pub(crate) struct Namespace {
    door: Arc<dyn Door>,
    figures: Arc<Figures>,
    connect_within: Duration,
    /// By when it must have authenticated, or be closed.
    deadline: Option<Instant>,
    state: NamespaceState,
    packets_left: u32,
    /// Binary messages that follow a packet which was refused.
    attachments: usize,
}

enum NamespaceState {
    /// Nothing has been said yet, or the client has disconnected.
    Outside,
    /// It is connected, and has to authenticate.
    Stranger(Pid),
    /// The chat has been asked to let it in.
    Greeting(Box<Greeting>),
    /// It takes part.
    Live(Box<Live>),
    /// The server could not let it in for now: at the deadline it is closed, and comes back by itself.
    Retreating,
}

/// What a namespace was waiting for.
#[derive(Debug)]
pub(crate) enum NamespaceEvent {
    Frame(Option<SocketFrame>),
    Deadline,
}

/// What becomes of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    GoOn,
    Close,
    Malformed,
}

impl Namespace {
    pub(crate) fn new(
        door: Arc<dyn Door>,
        connect_within: Duration,
        figures: Arc<Figures>,
    ) -> Self {
        Self {
            door,
            figures,
            connect_within,
            deadline: Some(Instant::now() + connect_within),
            state: NamespaceState::Outside,
            packets_left: STRANGERS_PACKETS,
            attachments: 0,
        }
    }

    /// Returns whether the next packet can be read: the chat takes what it would say.
    pub(crate) fn may_receive(&self) -> bool {
        match &self.state {
            NamespaceState::Outside | NamespaceState::Stranger(_) => true,
            NamespaceState::Greeting(_) | NamespaceState::Retreating => false,
            NamespaceState::Live(live) => live.may_receive(),
        }
    }

    /// Waits for the chat, whose frames it receives only if the client takes them, or for the deadline.
    /// Cancel-safe.
    pub(crate) async fn next(&mut self, receives: bool) -> NamespaceEvent {
        let deadline = self.deadline;
        let due = async {
            match deadline {
                Some(at) => sleep_until(at).await,
                None => pending().await,
            }
        };
        let frame = async {
            match &mut self.state {
                NamespaceState::Greeting(greeting) => greeting.chat.next(receives).await,
                NamespaceState::Live(live) => live.chat.next(receives).await,
                _ => pending().await,
            }
        };
        tokio::select! {
            frame = frame => NamespaceEvent::Frame(frame),
            () = due => NamespaceEvent::Deadline,
        }
    }

    pub(crate) fn handle(&mut self, event: NamespaceEvent, out: &mut Outbox) -> Verdict {
        match event {
            NamespaceEvent::Frame(Some(SocketFrame::Text(text))) => {
                let Some(frame) = ChatFrame::read(&text) else {
                    return Verdict::GoOn;
                };
                match &mut self.state {
                    NamespaceState::Greeting(_) => self.greeted(&frame, out),
                    NamespaceState::Live(live) => {
                        live.hear(&frame, out);
                        Verdict::GoOn
                    }
                    _ => Verdict::GoOn,
                }
            }
            NamespaceEvent::Frame(Some(SocketFrame::Closed { code, .. })) => {
                self.chat_closed(code, out)
            }
            NamespaceEvent::Frame(Some(SocketFrame::Binary(_)) | None)
            | NamespaceEvent::Deadline => Verdict::Close,
        }
    }

    /// Ends what the client has; if it has left, others learn that at once.
    pub(crate) fn end(&mut self, has_left: bool) {
        let state = std::mem::replace(&mut self.state, NamespaceState::Outside);
        if let (NamespaceState::Live(mut live), true) = (state, has_left) {
            live.chat.leave();
        }
    }

    /// Reads a packet.
    pub(crate) fn receive(&mut self, text: &str, out: &mut Outbox) -> Verdict {
        let Some(packet) = packet::read(text) else {
            return Verdict::Malformed;
        };
        if self.attachments > 0 {
            return Verdict::Malformed;
        }
        if packet.namespace != MAIN {
            let PacketKind::Connect(_) = packet.kind else {
                return Verdict::Malformed;
            };
            let error = serde_json::json!({ "message": "Invalid namespace" });
            out.message(packet::connect_error(packet.namespace, &error));
            return self.charge();
        }
        match packet.kind {
            PacketKind::Connect(auth) => self.connect(auth, out),
            PacketKind::Disconnect => self.disconnect(),
            PacketKind::Event(event) => self.event(&event, out),
            PacketKind::Ack if matches!(self.state, NamespaceState::Outside) => Verdict::Malformed,
            // Nothing of the server asks for one.
            PacketKind::Ack => self.charge(),
            PacketKind::Binary { attachments, ack } => self.binary(attachments, ack, out),
        }
    }

    /// Skips an attachment of a packet that was refused.
    pub(crate) fn receive_binary(&mut self) -> Verdict {
        let Some(left) = self.attachments.checked_sub(1) else {
            return Verdict::Malformed;
        };
        self.attachments = left;
        self.charge()
    }

    fn connect(&mut self, auth: Option<&RawValue>, out: &mut Outbox) -> Verdict {
        let NamespaceState::Outside = self.state else {
            return Verdict::Malformed;
        };
        let auth = Auth::read(auth.map(RawValue::get));
        let attempts = auth.attempts();
        let purpose = Purpose::Connect(Box::new(auth));
        let verdict = self.charge();
        if verdict == Verdict::GoOn {
            return self.attempt(purpose, attempts, out);
        }
        verdict
    }

    fn disconnect(&mut self) -> Verdict {
        if let NamespaceState::Outside = self.state {
            return Verdict::Malformed;
        }
        self.end(true);
        // It may connect again, or closes the session by itself.
        self.deadline = Some(Instant::now() + self.connect_within);
        self.charge()
    }

    fn event(&mut self, event: &ClientEvent<'_>, out: &mut Outbox) -> Verdict {
        match &mut self.state {
            NamespaceState::Live(live) => {
                live.event(event, out);
                Verdict::GoOn
            }
            NamespaceState::Stranger(pid) if auth::is_authentication(&event.name) => {
                let pid = pid.clone();
                let verdict = self.charge();
                if verdict != Verdict::GoOn {
                    return verdict;
                }
                let auth = Auth::read(event.args.first().map(|arg| arg.get()));
                let answer = Answer::new(event.ack);
                let attempts = auth.first_time(&pid);
                if attempts.is_empty() {
                    answer.refuse(&Refusal::no_credentials(), out);
                    return Verdict::GoOn;
                }
                self.attempt(Purpose::Authenticate(pid, answer), attempts, out)
            }
            NamespaceState::Stranger(_) => {
                Answer::new(event.ack).refuse(&Refusal::unauthenticated(), out);
                self.charge()
            }
            _ => Verdict::Malformed,
        }
    }

    fn binary(&mut self, attachments: usize, ack: Option<u64>, out: &mut Outbox) -> Verdict {
        if attachments > ATTACHMENTS_MAX || matches!(self.state, NamespaceState::Outside) {
            return Verdict::Malformed;
        }
        self.attachments = attachments;
        Answer::new(ack).refuse(&Refusal::binary(), out);
        self.charge()
    }

    /// Charges a packet that the chat does not see.
    fn charge(&mut self) -> Verdict {
        if let NamespaceState::Live(live) = &mut self.state {
            live.charge();
            return Verdict::GoOn;
        }
        match self.packets_left.checked_sub(1) {
            Some(left) => {
                self.packets_left = left;
                Verdict::GoOn
            }
            None => Verdict::Malformed,
        }
    }

    /// Says hello to the chat, with the first of several proofs.
    fn attempt(
        &mut self,
        purpose: Purpose,
        mut attempts: VecDeque<Hello>,
        out: &mut Outbox,
    ) -> Verdict {
        let Some(hello) = attempts.pop_front() else {
            return self.admit_stranger(purpose, out);
        };
        match self.door.open_halves() {
            Ok(halves) => {
                let chat = Chat::new(halves);
                let greeting = Greeting::new(chat, hello, attempts, purpose);
                self.state = NamespaceState::Greeting(Box::new(greeting));
                Verdict::GoOn
            }
            Err(DoorError::Draining) => Verdict::Close,
            Err(DoorError::Full) => self.refuse(purpose, &Refusal::full(), out),
        }
    }

    /// Connects a client that gives no proof, or none that holds: it authenticates later.
    fn admit_stranger(&mut self, purpose: Purpose, out: &mut Outbox) -> Verdict {
        let pid = match purpose {
            Purpose::Connect(_) => {
                let pid = Pid::of_stranger();
                out.message(packet::connected(&crate::pid::random_name(), &pid.encode()));
                pid
            }
            Purpose::Authenticate(pid, _) => pid,
        };
        self.state = NamespaceState::Stranger(pid);
        Verdict::GoOn
    }

    /// Handles the answer to a hello.
    fn greeted(&mut self, frame: &ChatFrame<'_>, out: &mut Outbox) -> Verdict {
        let Some(answer) = frame.reply_to(greeting::HELLO_ID) else {
            return Verdict::GoOn;
        };
        let state = std::mem::replace(&mut self.state, NamespaceState::Outside);
        let NamespaceState::Greeting(greeting) = state else {
            return Verdict::GoOn;
        };
        let error = match answer {
            Ok(ok) => match greeting.welcomed(ok, &self.figures, out) {
                Some(live) => {
                    self.deadline = None;
                    self.packets_left = STRANGERS_PACKETS;
                    self.state = NamespaceState::Live(Box::new(live));
                    return Verdict::GoOn;
                }
                None => return Verdict::Close,
            },
            Err(error) => Refusal::of_chat(error),
        };
        let Greeting {
            purpose, attempts, ..
        } = *greeting;
        if error.is_retryable() || (attempts.is_empty() && !purpose.may_stay_stranger()) {
            return self.refuse(purpose, &error, out);
        }
        self.attempt(purpose, attempts, out)
    }

    /// Tells the client that it is not let in.
    fn refuse(&mut self, purpose: Purpose, refusal: &Refusal, out: &mut Outbox) -> Verdict {
        match purpose {
            // A stock client gives up after an error in CONNECT, but it comes back after a close.
            Purpose::Connect(_) if refusal.is_retryable() => {
                let pause = refusal.retry_after().min(RETREAT_MAX);
                self.deadline = Some(Instant::now() + pause);
                self.state = NamespaceState::Retreating;
            }
            Purpose::Connect(_) => {
                out.message(packet::connect_error(MAIN, &refusal.connect_error()));
                self.state = NamespaceState::Outside;
            }
            Purpose::Authenticate(pid, answer) => {
                answer.refuse(refusal, out);
                self.state = NamespaceState::Stranger(pid);
            }
        }
        Verdict::GoOn
    }

    /// Closes the session as the chat has closed the connection.
    fn chat_closed(&mut self, code: u16, out: &mut Outbox) -> Verdict {
        let state = std::mem::replace(&mut self.state, NamespaceState::Outside);
        let NamespaceState::Live(_) = state else {
            return Verdict::Close;
        };
        // With the others the client comes back by itself, as docs/protocol.md says of its own codes.
        if matches!(code, 1000 | 1002 | 1003 | 1007 | 1009 | 4500..=4999) {
            out.message(packet::disconnect());
        }
        Verdict::Close
    }
}
