//! Packets that wait for the client.

use super::engine_packet::SEPARATOR;
use std::collections::VecDeque;

/// While so many bytes wait, nothing is taken from the chat, which then closes a client that is too slow.
const FULL: usize = 64 << 10;
/// A payload ends here; the rest waits for the next poll.
const PAYLOAD: usize = 256 << 10;

/// Engine.IO packets in order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    packets: VecDeque<String>,
    bytes: usize,
}

impl Outbox {
    /// Adds a message.
    pub(crate) fn message(&mut self, mut text: String) {
        text.insert(0, '4');
        self.packet(text);
    }

    /// Adds a packet.
    pub(super) fn packet(&mut self, packet: String) {
        self.bytes += packet.len();
        self.packets.push_back(packet);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.bytes < FULL
    }

    /// Takes the next packet.
    pub(super) fn pop(&mut self) -> Option<String> {
        let packet = self.packets.pop_front()?;
        self.bytes -= packet.len();
        Some(packet)
    }

    /// Takes as many packets as one payload holds.
    pub(super) fn payload(&mut self) -> String {
        let mut payload = self.pop().unwrap_or_default();
        while let Some(next) = self.packets.front()
            && payload.len() + next.len() < PAYLOAD
        {
            payload.push(SEPARATOR);
            payload.push_str(&self.pop().unwrap_or_default());
        }
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_holds_packets_up_to_its_size() {
        let mut outbox = Outbox::default();
        outbox.packet("2".to_owned());
        outbox.message("2[\"a\"]".to_owned());
        assert_eq!(outbox.payload(), "2\u{1e}42[\"a\"]");
        assert!(outbox.is_empty());
        for _ in 0..5 {
            outbox.message("x".repeat(100 << 10));
        }
        assert!(!outbox.has_room());
        let sizes = [2, 2, 1].map(|packets| packets * ((100 << 10) + 1) + packets - 1);
        assert_eq!([(); 3].map(|()| outbox.payload().len()), sizes);
        assert!(outbox.is_empty() && outbox.has_room());
    }
}
