//! Who waits for a job: an asker on the bus, a caller of `write`, or nobody.

use crate::StorageError;
use bus::{AskError, Origin, Reply};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a job that nobody waits for is repeated.
const UNATTENDED: Duration = Duration::from_secs(30);

/// The time, as tokio counts it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The way back.
pub(crate) enum Asker<A, R> {
    /// An ask on the bus.
    Bus(Reply<Result<A, R>>),
    /// A caller of [`crate::Database::write`].
    Caller(Caller<A, R>),
    /// Nobody.
    Nobody { origin: Origin, deadline: Instant },
}

/// How a job ends: answered or refused, or without either.
pub(crate) type End<A, R> = Result<Result<A, R>, StorageError>;

impl<A: Send + 'static, R: Send + 'static> Asker<A, R> {
    pub(crate) fn nobody(origin: &Origin) -> Self {
        Self::Nobody {
            origin: origin.clone(),
            deadline: now() + UNATTENDED,
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        match self {
            Self::Bus(reply) => reply.origin(),
            Self::Caller(caller) => &caller.origin,
            Self::Nobody { origin, .. } => origin,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        match self {
            Self::Bus(reply) => reply.deadline(),
            Self::Caller(caller) => caller.deadline,
            Self::Nobody { deadline, .. } => *deadline,
        }
    }

    pub(crate) fn is_somebody(&self) -> bool {
        !matches!(self, Self::Nobody { .. })
    }

    /// From here on the job counts as begun. False when it has been withdrawn.
    pub(crate) fn begin(&self) -> bool {
        match self {
            Self::Bus(reply) => reply.begin(),
            Self::Caller(caller) => caller.claim.begin(),
            Self::Nobody { .. } => true,
        }
    }

    /// Tells the asker. It may have gone: that is no error.
    pub(crate) fn tell(self, job: &'static str, end: End<A, R>) {
        match self {
            Self::Bus(reply) => match end {
                Ok(answer) => reply.answer(answer),
                Err(error) => reply.fail(AskError::from(error)),
            },
            Self::Caller(caller) => {
                let _ = caller.sender.send(end);
            }
            Self::Nobody { .. } => {
                if let Err(error) = end {
                    tracing::error!(job, %error, "a job that nobody waits for has failed");
                }
            }
        }
    }
}

/// The lane's side of a `write`.
pub(crate) struct Caller<A, R> {
    origin: Origin,
    deadline: Instant,
    claim: Arc<Claim>,
    sender: oneshot::Sender<End<A, R>>,
}

/// The caller's side. Dropped before the lane has begun the job, the job is withdrawn.
pub(crate) struct Waiter<A, R> {
    deadline: Instant,
    claim: Arc<Claim>,
    receiver: oneshot::Receiver<End<A, R>>,
}

impl<A, R> Caller<A, R> {
    pub(crate) fn new(origin: Origin, deadline: Instant) -> (Self, Waiter<A, R>) {
        let (sender, receiver) = oneshot::channel();
        let claim = Arc::new(Claim::default());
        let waiter = Waiter {
            deadline,
            claim: Arc::clone(&claim),
            receiver,
        };
        (
            Self {
                origin,
                deadline,
                claim,
                sender,
            },
            waiter,
        )
    }
}

impl<A, R> Waiter<A, R> {
    /// Waits for the end. `None`: time was up before the job had begun, nothing was done.
    pub(crate) async fn end(mut self, operation: &'static str) -> Option<End<A, R>> {
        let unknown = Err(StorageError::OutcomeUnknown { operation });
        match tokio::time::timeout_at(self.deadline.into(), &mut self.receiver).await {
            Ok(Ok(end)) => Some(end),
            Ok(Err(_lane_gone)) => Some(unknown),
            Err(_time_up) if self.claim.withdraw() => None,
            Err(_time_up) => Some(unknown),
        }
    }
}

impl<A, R> Drop for Waiter<A, R> {
    fn drop(&mut self) {
        self.claim.withdraw();
    }
}

/// Decides between a lane that begins a job and a caller that withdraws it.
#[derive(Debug, Default)]
struct Claim(AtomicU8);

impl Claim {
    const QUEUED: u8 = 0;
    const BEGUN: u8 = 1;
    const WITHDRAWN: u8 = 2;

    fn begin(&self) -> bool {
        self.settle(Self::BEGUN) != Self::WITHDRAWN
    }

    fn withdraw(&self) -> bool {
        self.settle(Self::WITHDRAWN) != Self::BEGUN
    }

    /// Sets the state if it is still open; returns what it is then.
    fn settle(&self, to: u8) -> u8 {
        match self
            .0
            .compare_exchange(Self::QUEUED, to, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => to,
            Err(already) => already,
        }
    }
}
