//! The way back to one asker, and who may still stop the request: the asker until it is begun,
//! nobody after that.

use crate::{AskError, Origin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The way back to one asker. Dropped without an answer, the asker is told at once:
/// [`AskError::Failed`] when the request was never begun, [`AskError::OutcomeUnknown`] when it
/// was. It carries the origin (credits, cause, trace) of the request, so whoever holds it holds
/// the credit.
#[must_use = "an asker waits for this"]
pub struct Reply<A> {
    asker: Option<oneshot::Sender<Result<A, AskError>>>,
    stage: Arc<Stage>,
    origin: Origin,
    deadline: Instant,
}

impl<A: Send + 'static> Reply<A> {
    /// Claims the request for execution. False when the asker has withdrawn it (its time was up
    /// while it was queued): it must not be carried out. After `true` an asker whose time is up is
    /// told [`AskError::OutcomeUnknown`]. Called by the write lane as it begins a job, or by
    /// [`Reply::answer`] itself. Idempotent.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.stage.begin()
    }

    /// Notes that it waits for storage from now on: an asker whose time is up before it is begun is
    /// told [`AskError::Unavailable`].
    pub fn hand_over(&self) {
        self.stage.hand_over();
    }

    /// Answers. An asker that has gone is no error.
    pub fn answer(mut self, answer: A) {
        if self.begin() {
            self.tell(Ok(answer));
        }
    }

    /// Tells the asker that there will be no answer, and why.
    pub fn fail(mut self, error: AskError) {
        self.tell(Err(error));
    }

    /// Where the request came from: facts stated because of it ride on this.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// When the asker stops waiting.
    #[must_use]
    pub fn deadline(&self) -> std::time::Instant {
        self.deadline.into_std()
    }

    /// True when it need not be handled: withdrawn, or out of time with nobody there to say so.
    pub(crate) fn lapsed(&self, now: Instant) -> bool {
        self.stage.is_withdrawn() || (now >= self.deadline && self.stage.withdraw())
    }
}

impl<A> Reply<A> {
    fn tell(&mut self, result: Result<A, AskError>) {
        if let Some(asker) = self.asker.take() {
            // An asker that has gone is no error.
            let _ = asker.send(result);
        }
    }
}

impl<A> Drop for Reply<A> {
    fn drop(&mut self) {
        self.tell(Err(self.stage.unanswered()));
    }
}

/// The asker's end.
pub(crate) struct Asker<A> {
    answer: oneshot::Receiver<Result<A, AskError>>,
    stage: Arc<Stage>,
    deadline: Instant,
}

impl<A> Asker<A> {
    /// Waits until the deadline. Dropped before that, the request goes on without its asker.
    pub(crate) async fn wait(mut self) -> Result<A, AskError> {
        if let Ok(told) = tokio::time::timeout_at(self.deadline, &mut self.answer).await {
            return told.unwrap_or(Err(AskError::Failed));
        }
        if let Some(error) = self.stage.give_up() {
            return Err(error);
        }
        // Begun; perhaps answered in this very moment.
        self.answer
            .try_recv()
            .unwrap_or(Err(AskError::OutcomeUnknown))
    }
}

/// Both ends for one request.
pub(crate) fn pair<A>(origin: Origin, deadline: Instant) -> (Reply<A>, Asker<A>) {
    let (sender, answer) = oneshot::channel();
    let stage = Arc::new(Stage(AtomicU8::new(QUEUED)));
    let asker = Asker {
        answer,
        stage: Arc::clone(&stage),
        deadline,
    };
    (
        Reply {
            asker: Some(sender),
            stage,
            origin,
            deadline,
        },
        asker,
    )
}

const QUEUED: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;
const HANDED_OVER: u8 = 3;

/// When a repeat is worth trying of what waited for storage in vain.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Queued, perhaps handed over, then either begun or withdrawn, and never anything else after that.
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

    /// Withdraws what has not been begun, and says what it was waiting for.
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

    /// True when it stands at `to` now, whoever brought it there.
    fn leave_queue(&self, to: u8) -> bool {
        let left = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |stands| {
                matches!(stands, QUEUED | HANDED_OVER).then_some(to)
            });
        match left {
            Ok(_) => true,
            Err(stands) => stands == to,
        }
    }

    fn unanswered(&self) -> AskError {
        match self.0.load(Ordering::Acquire) {
            BEGUN => AskError::OutcomeUnknown,
            WITHDRAWN => AskError::Overloaded,
            _ => AskError::Failed,
        }
    }
}
