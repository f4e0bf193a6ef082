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
pub(crate) enum Responder<A, R> {
    /// An ask on the bus.
    Bus(Reply<Result<A, R>>),
    /// A caller of [`crate::Database::write`].
    Caller(WriteSender<A, R>),
    /// The probe, which tries whether a lane can write.
    Probe(WriteSender<A, R>),
    /// Nobody.
    Nobody { origin: Origin, deadline: Instant },
}

/// How a job ends: answered or refused, or without either.
pub(crate) type JobOutcome<A, R> = Result<Result<A, R>, StorageError>;

impl<A: Send + 'static, R: Send + 'static> Responder<A, R> {
    pub(crate) fn nobody(origin: &Origin) -> Self {
        Self::Nobody {
            origin: origin.clone(),
            deadline: now() + UNATTENDED,
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

    pub(crate) fn is_attended(&self) -> bool {
        !matches!(self, Self::Nobody { .. })
    }

    /// Whether the log names callers that are refused: the probe reports its own failures.
    pub(crate) fn logs_refusal(&self) -> bool {
        matches!(self, Self::Bus(_) | Self::Caller(_))
    }

    /// From here on the job counts as begun. False when it has been withdrawn.
    pub(crate) fn begin(&self) -> bool {
        match self {
            Self::Bus(reply) => reply.begin(),
            Self::Caller(sender) | Self::Probe(sender) => sender.claim.begin(),
            Self::Nobody { .. } => true,
        }
    }

    /// Tells the asker. It may have gone: that is no error.
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
                    tracing::error!(job, %error, "a job that nobody waits for has failed");
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

/// The caller's side. Dropped before the lane has begun the job, the job is withdrawn.
pub(crate) struct WriteReceiver<A, R> {
    deadline: Instant,
    claim: Arc<StartClaim>,
    receiver: oneshot::Receiver<JobOutcome<A, R>>,
}

impl<A, R> WriteSender<A, R> {
    pub(crate) fn new(origin: Origin, deadline: Instant) -> (Self, WriteReceiver<A, R>) {
        let (sender, receiver) = oneshot::channel();
        let claim = Arc::new(StartClaim::default());
        let receiving = WriteReceiver {
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
            receiving,
        )
    }
}

impl<A, R> WriteReceiver<A, R> {
    /// Waits for the end. `None`: time was up before the job had begun, nothing was done.
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
