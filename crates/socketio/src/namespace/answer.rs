//! How the client that asked for something gets the answer: in its acknowledgement, or an error as an event.

use super::refusal::Refusal;
use crate::engine::Outbox;
use crate::packet;

/// Where an answer goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer(Option<u64>);

impl Answer {
    /// `ack` is the id under which the client waits, if it does.
    pub(super) fn new(ack: Option<u64>) -> Self {
        Self(ack)
    }

    /// Returns whether the client waits for an acknowledgement.
    pub(super) fn is_awaited(self) -> bool {
        self.0.is_some()
    }

    /// Sends an acknowledgement with one argument, if the client waits for it.
    pub(super) fn give(self, argument: &str, out: &mut Outbox) {
        if let Some(ack) = self.0 {
            out.message(packet::ack_text(ack, argument));
        }
    }

    /// Answers with `{"ok":…}`.
    pub(super) fn ok(self, ok: &str, out: &mut Outbox) {
        self.give(&format!(r#"{{"ok":{ok}}}"#), out);
    }

    /// Answers with `{"err":…}`, or with the event `error` if the client waits for nothing.
    pub(super) fn refuse(self, refusal: &Refusal, out: &mut Outbox) {
        if self.0.is_some() {
            self.give(&format!(r#"{{"err":{}}}"#, refusal.as_json()), out);
        } else {
            let event = refusal.event().to_string();
            out.message(packet::event_text("error", &event, None));
        }
    }
}
