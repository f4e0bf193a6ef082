//! The reply to one request. The caller can withdraw the request until it is begun, and nobody can
//! after that.

use crate::{AskError, Origin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The answerer's end of a request. Dropped without an answer, it fails the request at once: with
/// [`AskError::Failed`] if the request was never begun, else with [`AskError::OutcomeUnknown`]. It
/// owns the request's origin (credits, cause, trace) and so keeps the credit.
#[must_use = "a caller waits for this"]
pub struct Reply<A> {
    caller: Option<oneshot::Sender<Result<A, AskError>>>,
    stage: Arc<Stage>,
    origin: Origin,
    deadline: Instant,
}

impl<A: Send + 'static> Reply<A> {
    /// Claims the request for execution. Returns false if the caller has withdrawn it (timed out
    /// while it was queued): it must not be executed. After `true`, a caller that times out gets
    /// [`AskError::OutcomeUnknown`]. Called by the write lane when it starts a job, or by
    /// [`Reply::answer`]. Idempotent.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.stage.begin()
    }

    /// Notes that the request waits for storage from now on: a caller that times out before it is
    /// begun gets [`AskError::Unavailable`].
    pub fn hand_over(&self) {
        self.stage.hand_over();
    }

    /// Sends the answer. Does nothing if the caller has gone.
    pub fn answer(mut self, answer: A) {
        if self.begin() {
            self.send(Ok(answer));
        }
    }

    /// Fails the request with `error`.
    pub fn fail(mut self, error: AskError) {
        self.send(Err(error));
    }

    /// Returns the origin of the request, for events published because of it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns when the caller stops waiting.
    #[must_use]
    pub fn deadline(&self) -> std::time::Instant {
        self.deadline.into_std()
    }

    /// Whether it need not be handled: withdrawn, or past its deadline with no caller left.
    pub(crate) fn is_expired(&self, now: Instant) -> bool {
        self.stage.is_withdrawn() || (now >= self.deadline && self.stage.withdraw())
    }
}

impl<A> Reply<A> {
    fn send(&mut self, result: Result<A, AskError>) {
        if let Some(caller) = self.caller.take() {
            // Fails only if the caller has gone.
            let _ = caller.send(result);
        }
    }
}

impl<A> Drop for Reply<A> {
    fn drop(&mut self) {
        self.send(Err(self.stage.unanswered()));
    }
}

/// The caller's end of a request.
pub(crate) struct ReplyReceiver<A> {
    answer: oneshot::Receiver<Result<A, AskError>>,
    stage: Arc<Stage>,
    deadline: Instant,
}

impl<A> ReplyReceiver<A> {
    /// Waits until the deadline. If this is dropped before that, the request goes on.
    pub(crate) async fn wait(mut self) -> Result<A, AskError> {
        if let Ok(result) = tokio::time::timeout_at(self.deadline, &mut self.answer).await {
            return result.unwrap_or(Err(AskError::Failed));
        }
        if let Some(error) = self.stage.give_up() {
            return Err(error);
        }
        // It has begun, and may have been answered just now.
        self.answer
            .try_recv()
            .unwrap_or(Err(AskError::OutcomeUnknown))
    }
}

/// Creates both ends of a request.
pub(crate) fn channel<A>(origin: Origin, deadline: Instant) -> (Reply<A>, ReplyReceiver<A>) {
    let (sender, answer) = oneshot::channel();
    let stage = Arc::new(Stage(AtomicU8::new(QUEUED)));
    let receiver = ReplyReceiver {
        answer,
        stage: Arc::clone(&stage),
        deadline,
    };
    (
        Reply {
            caller: Some(sender),
            stage,
            origin,
            deadline,
        },
        receiver,
    )
}

const QUEUED: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;
const HANDED_OVER: u8 = 3;

/// The retry hint for a request that timed out while it waited for storage.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The stage of a request: queued, perhaps handed over, and finally either begun or withdrawn.
struct Stage(AtomicU8);

impl Stage {
    fn begin(&self) -> bool {
        self.leave_queue(BEGUN)
    }

    fn withdraw(&self) -> bool {
        self.leave_queue(WITHDRAWN)
    }

    fn hand_over(&self) {
        let _ = self
            .0
            .compare_exchange(QUEUED, HANDED_OVER, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Withdraws the request; returns the error that says what it was waiting for, or `None` if it
    /// has begun.
    fn give_up(&self) -> Option<AskError> {
        let handed_over = self.0.load(Ordering::Acquire) == HANDED_OVER;
        self.withdraw().then_some(if handed_over {
            AskError::Unavailable {
                retry_after: RETRY_AFTER,
            }
        } else {
            AskError::Overloaded
        })
    }

    fn is_withdrawn(&self) -> bool {
        self.0.load(Ordering::Acquire) == WITHDRAWN
    }

    /// Moves from a waiting stage to `to`. Returns whether the stage is `to` now.
    fn leave_queue(&self, to: u8) -> bool {
        let left = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |stage| {
                matches!(stage, QUEUED | HANDED_OVER).then_some(to)
            });
        match left {
            Ok(_) => true,
            Err(stage) => stage == to,
        }
    }

    /// Returns the error for a reply dropped without an answer.
    fn unanswered(&self) -> AskError {
        match self.0.load(Ordering::Acquire) {
            BEGUN => AskError::OutcomeUnknown,
            WITHDRAWN => AskError::Overloaded,
            _ => AskError::Failed,
        }
    }
}
