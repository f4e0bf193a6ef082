//! The connection to the chat on behalf of one client: frames that wait to be sent, and those received.

use extension::{ChatHalves, ChatReceiver, ChatSender, SocketFrame};
use futures_util::FutureExt as _;
use std::collections::VecDeque;
use std::future::pending;

/// Frames that may wait before no further packets of the client are read.
const QUEUE_MAX: usize = 32;
/// The close code of a client that has left.
const LEFT: u16 = 1000;

/// A connection to the chat; lost when dropped.
pub(super) struct Chat {
    sender: Box<dyn ChatSender>,
    receiver: Box<dyn ChatReceiver>,
    queue: VecDeque<String>,
    next_id: u64,
}

impl Chat {
    pub(super) fn new((sender, receiver): ChatHalves) -> Self {
        Self {
            sender,
            receiver,
            queue: VecDeque::new(),
            next_id: 0,
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE_MAX
    }

    /// Sends a command, at once if the server reads; returns the id of its reply.
    pub(super) fn command(&mut self, op: &str, d: &str) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let op = serde_json::Value::from(op);
        self.queue
            .push_back(format!(r#"{{"id":{id},"op":{op},"d":{d}}}"#));
        while let Some(frame) = self.queue.front()
            && self.sender.send(frame).now_or_never().is_some()
        {
            // If it was not sent, the connection has ended, and the receiver says how.
            self.queue.pop_front();
        }
        id
    }

    /// Sends what waits, and returns the next frame if it is to receive. Cancel-safe.
    pub(super) async fn next(&mut self, receives: bool) -> Option<SocketFrame> {
        loop {
            let sent = async {
                match self.queue.front() {
                    Some(frame) => self.sender.send(frame).await,
                    None => pending().await,
                }
            };
            let next = async {
                if receives {
                    self.receiver.recv().await
                } else {
                    pending().await
                }
            };
            tokio::select! {
                _ = sent => {}
                frame = next => return frame,
            }
            self.queue.pop_front();
        }
    }

    /// Closes the connection of a client that has left.
    pub(super) fn leave(&mut self) {
        self.sender.close(LEFT);
    }
}
