//! The way back to whoever waits for a job: an ask on the bus, a caller of `write`, or nobody.

use crate::StorageError;
use bus::{AskError, Origin, Reply};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a job without a caller is retried.
const WITHOUT_CALLER: Duration = Duration::from_secs(30);

/// Returns the current time of tokio's clock, which tests can pause.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The way back to the caller of a job.
pub(crate) enum Responder<A, R> {
    /// An ask on the bus.
    Bus(Reply<Result<A, R>>),
    /// A caller of [`crate::Database::write`].
    Caller(WriteSender<A, R>),
    /// The probe, which tries whether a lane can write.
    Probe(WriteSender<A, R>),
    /// No caller: the job is retried until its own deadline.
    Nobody { origin: Origin, deadline: Instant },
}

/// The outcome of a job: answered or refused, or an error of storage.
pub(crate) type JobOutcome<A, R> = Result<Result<A, R>, StorageError>;

impl<A: Send + 'static, R: Send + 'static> Responder<A, R> {
    pub(crate) fn nobody(origin: &Origin) -> Self {
        Self::Nobody {
            origin: origin.clone(),
            deadline: now() + WITHOUT_CALLER,
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        match self {
            Self::Bus(reply) => reply.origin(),
            Self::Caller(sender) | Self::Probe(sender) => &sender.origin,
            Self::Nobody { origin, .. } => origin,
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        match self {
            Self::Bus(reply) => reply.deadline(),
            Self::Caller(sender) | Self::Probe(sender) => sender.deadline,
            Self::Nobody { deadline, .. } => *deadline,
        }
    }

    pub(crate) fn has_caller(&self) -> bool {
        !matches!(self, Self::Nobody { .. })
    }

    /// Whether the log names callers that are refused: the probe reports its own failures.
    pub(crate) fn logs_refusal(&self) -> bool {
        matches!(self, Self::Bus(_) | Self::Caller(_))
    }

    /// Marks the job as begun. Returns false if it was withdrawn.
    pub(crate) fn begin(&self) -> bool {
        match self {
            Self::Bus(reply) => reply.begin(),
            Self::Caller(sender) | Self::Probe(sender) => sender.claim.begin(),
            Self::Nobody { .. } => true,
        }
    }

    /// Answers the caller. It may be gone, which is no error.
    pub(crate) fn respond(self, job: &'static str, outcome: JobOutcome<A, R>) {
        match self {
            Self::Bus(reply) => match outcome {
                Ok(answer) => reply.answer(answer),
                Err(error) => reply.fail(AskError::from(error)),
            },
            Self::Caller(sender) | Self::Probe(sender) => {
                let _ = sender.sender.send(outcome);
            }
            Self::Nobody { .. } => {
                if let Err(error) = outcome {
                    tracing::error!(job, %error, "a job without a caller failed");
                }
            }
        }
    }
}

/// The lane's side of a `write`.
pub(crate) struct WriteSender<A, R> {
    origin: Origin,
    deadline: Instant,
    claim: Arc<StartClaim>,
    sender: oneshot::Sender<JobOutcome<A, R>>,
}

/// The caller's side of a `write`. Dropped before the lane has begun the job, it withdraws the job.
pub(crate) struct WriteReceiver<A, R> {
    deadline: Instant,
    claim: Arc<StartClaim>,
    receiver: oneshot::Receiver<JobOutcome<A, R>>,
}

impl<A, R> WriteSender<A, R> {
    pub(crate) fn new(origin: Origin, deadline: Instant) -> (Self, WriteReceiver<A, R>) {
        let (sender, receiver) = oneshot::channel();
        let claim = Arc::new(StartClaim::default());
        let receiver_side = WriteReceiver {
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
            receiver_side,
        )
    }
}

impl<A, R> WriteReceiver<A, R> {
    /// Waits for the outcome. Returns `None` if the deadline passed before the job was begun:
    /// nothing was done.
    pub(crate) async fn outcome(mut self, operation: &'static str) -> Option<JobOutcome<A, R>> {
        let unknown = Err(StorageError::OutcomeUnknown { operation });
        match tokio::time::timeout_at(self.deadline.into(), &mut self.receiver).await {
            Ok(Ok(outcome)) => Some(outcome),
            Ok(Err(_lane_gone)) => Some(unknown),
            Err(_time_up) if self.claim.withdraw() => None,
            Err(_time_up) => Some(unknown),
        }
    }
}

impl<A, R> Drop for WriteReceiver<A, R> {
    fn drop(&mut self) {
        self.claim.withdraw();
    }
}

/// Decides between a lane that begins a job and a caller that withdraws it.
#[derive(Debug, Default)]
struct StartClaim(AtomicU8);

impl StartClaim {
    const QUEUED: u8 = 0;
    const BEGUN: u8 = 1;
    const WITHDRAWN: u8 = 2;

    fn begin(&self) -> bool {
        self.settle(Self::BEGUN) != Self::WITHDRAWN
    }

    fn withdraw(&self) -> bool {
        self.settle(Self::WITHDRAWN) != Self::BEGUN
    }

    /// Sets the state if it is still open; returns the resulting state.
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
