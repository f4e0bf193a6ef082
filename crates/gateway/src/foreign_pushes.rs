//! The pushes from outside the gateway that wait for the hub. To queue one never waits.

use crate::commands::extension_in;
use crate::connection::Frame;
use crate::wire::push;
use rooms::api::RoomKey;
use serde_json::value::RawValue;
use sessions::api::UserId;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};

/// Longest body of a push, bytes.
const BODY_MAX: usize = 16 << 10;
/// Most pushes that wait for the hub; further ones are refused.
const QUEUED_MAX: usize = 1024;

/// Who gets a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignPushTarget {
    /// Every connection of this user.
    User(UserId),
    /// Every connection that is subscribed to this room; the push names it.
    Room(RoomKey),
}

/// Why a push is not delivered to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForeignPushError {
    /// Its name is none that a push may have.
    #[error("a push of an extension is called x.NAME.PUSH, with parts as in the names of commands")]
    IllegalName,
    /// Its body is too long.
    #[error("the body of a push must not be longer than {max} bytes")]
    TooLarge {
        /// The longest body, bytes.
        max: usize,
    },
    /// Too many pushes wait.
    #[error("too many pushes wait to be delivered")]
    Busy,
}

/// The pushes that wait for the hub.
pub(crate) struct ForeignPushes {
    queue: mpsc::Sender<QueuedPush>,
    /// Belongs to the task that delivers.
    queued: Arc<Mutex<mpsc::Receiver<QueuedPush>>>,
}

impl Default for ForeignPushes {
    fn default() -> Self {
        let (queue, queued) = mpsc::channel(QUEUED_MAX);
        Self {
            queue,
            queued: Arc::new(Mutex::new(queued)),
        }
    }
}

/// An encoded push.
pub(crate) struct QueuedPush {
    pub(crate) to: ForeignPushTarget,
    pub(crate) frame: Frame,
}

impl ForeignPushes {
    /// Returns the receiving end, for the one task that delivers.
    pub(crate) fn queued(&self) -> Arc<Mutex<mpsc::Receiver<QueuedPush>>> {
        Arc::clone(&self.queued)
    }

    /// Queues a push.
    pub(crate) fn push(
        &self,
        to: ForeignPushTarget,
        name: &str,
        body: &RawValue,
    ) -> Result<(), ForeignPushError> {
        if extension_in(name).is_none() {
            return Err(ForeignPushError::IllegalName);
        }
        if body.get().len() > BODY_MAX {
            return Err(ForeignPushError::TooLarge { max: BODY_MAX });
        }
        let room = match &to {
            ForeignPushTarget::User(_) => None,
            ForeignPushTarget::Room(room) => Some(room),
        };
        let frame = Frame::json(&push::foreign(name, room, body));
        let queued = self.queue.try_send(QueuedPush { to, frame });
        queued.map_err(|_| ForeignPushError::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::{BODY_MAX, ForeignPushError, ForeignPushTarget, ForeignPushes, QUEUED_MAX};
    use rooms::api::RoomKey;
    use serde_json::value::to_raw_value;

    #[test]
    fn a_push_that_cannot_be_delivered_is_refused_at_once() {
        let pushes = ForeignPushes::default();
        let to = || ForeignPushTarget::Room(RoomKey("general".into()));
        let body = to_raw_value(&1).unwrap();
        for name in ["entry", "karma", "x.karma", "x.Karma.changed", "search"] {
            let refused = pushes.push(to(), name, &body);
            assert_eq!(refused, Err(ForeignPushError::IllegalName), "{name}");
        }
        let long = to_raw_value(&"x".repeat(BODY_MAX)).unwrap();
        let refused = pushes.push(to(), "x.karma.changed", &long);
        assert_eq!(refused, Err(ForeignPushError::TooLarge { max: BODY_MAX }));
        for _ in 0..QUEUED_MAX {
            pushes.push(to(), "x.karma.changed", &body).unwrap();
        }
        let refused = pushes.push(to(), "x.karma.changed", &body);
        assert_eq!(refused, Err(ForeignPushError::Busy));
    }
}
