//! How the process ends: an exit code and at most one line.

use crate::config::{ConfigError, DeclarationError, SettingsError};
use crate::log_output;
use bus::Tasks;
use std::fmt;
use std::time::Duration;
use storage::backup::BackupError;
use storage::transfer::TransferError;
use storage::{DurabilityLossKind, DurabilityLost, OpenError, Registry};

/// Why a command failed; each kind has an exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: it failed, or stopped with work left undone.
    Failed(anyhow::Error),
    /// 2: a setting, or the file with them, is wrong.
    Settings(SettingsError),
    /// 2: an argument is wrong.
    Usage(String),
    /// 3: another server is using the store.
    InUse(OpenError),
    /// 4: the operating system failed to store written data.
    DurabilityLost(DurabilityLost),
    /// 5: the file of the store was moved, removed or replaced while the server ran.
    FileMoved(DurabilityLost),
}

/// How long a server whose file was moved keeps refusing requests before it stops, so that clients
/// and monitors see the reason.
const REFUSE_BEFORE_STOP: Duration = Duration::from_secs(2);

impl Failure {
    /// Returns the exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Settings(_) | Self::Usage(_) => 2,
            Self::InUse(_) => 3,
            Self::DurabilityLost(_) => 4,
            Self::FileMoved(_) => 5,
        }
    }
}

/// What to do when a critical database may have lost written data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnLostWrites {
    /// Exits immediately. Nothing is drained or closed, as that would write more; pending commands are
    /// not acknowledged.
    ExitProcess,
    /// Stops this server, which refuses writes by then: other servers of the process go on.
    StopServer,
}

/// Watches for a critical database that may have lost written data. If only its file was moved, starts
/// a graceful stop in any case.
pub(crate) fn when_durability_is_lost(registry: &Registry, tasks: &Tasks, reaction: OnLostWrites) {
    let (registry, stopping) = (registry.clone(), tasks.stopping().clone());
    tasks.once("parlor", "watch for lost writes", async move {
        let failure = Failure::of(registry.durability_lost().await);
        tracing::error!(code = failure.code(), "{failure}");
        if let Failure::FileMoved(_) = failure {
            tokio::time::sleep(REFUSE_BEFORE_STOP).await;
            stopping.cancel();
            return;
        }
        if reaction == OnLostWrites::StopServer {
            stopping.cancel();
            return;
        }
        log_output::write_final(&format!("parlor: {failure}"));
        std::process::exit(failure.code().into());
    });
}

impl Failure {
    /// Returns the failure with which the process ends after this loss.
    pub(crate) fn of(durability_lost: DurabilityLost) -> Self {
        match durability_lost.kind {
            DurabilityLossKind::FailedWrite => Self::DurabilityLost(durability_lost),
            DurabilityLossKind::FileMoved => Self::FileMoved(durability_lost),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "{error:#}"),
            Self::Settings(problem) => problem.fmt(f),
            Self::Usage(line) => f.write_str(line),
            Self::FileMoved(DurabilityLost {
                database, cause, ..
            }) => write!(
                f,
                "stopped, database {database}: {cause}; put the right file back, then start the \
                 server again"
            ),
            Self::DurabilityLost(DurabilityLost {
                database, cause, ..
            }) => write!(
                f,
                "exited immediately, database {database}: {cause}; start the server again, it \
                 recovers from its log"
            ),
            Self::InUse(error) => write!(
                f,
                "{error}; stop that server first, or give this one its own data_dir or database"
            ),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(problem: ConfigError) -> Self {
        Self::Settings(problem.into())
    }
}

impl From<SettingsError> for Failure {
    fn from(problem: SettingsError) -> Self {
        Self::Settings(problem)
    }
}

impl From<DeclarationError> for Failure {
    fn from(mistake: DeclarationError) -> Self {
        Self::Failed(mistake.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Locked { .. } => Self::InUse(error),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Open(error) => error.into(),
            BackupError::NotEmbedded { .. } => Self::Usage(format!(
                "{error}: pg_dump backs it up and pg_restore restores it, then parlor new-epoch; \
                 see deploy/README.md"
            )),
            BackupError::Exists(_)
            | BackupError::NoDirectory(_)
            | BackupError::NoStore(_)
            | BackupError::Itself(_) => Self::Usage(error.to_string()),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Open(error) => error.into(),
            TransferError::Same | TransferError::NotEmpty { .. } | TransferError::OtherSource => {
                Self::Usage(error.to_string())
            }
            other => Self::Failed(other.into()),
        }
    }
}
