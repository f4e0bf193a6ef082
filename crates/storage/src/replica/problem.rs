//! Why a replica does not serve.

use crate::{DatabaseConfig, DatabaseState, OpenError, StorageError};
use std::time::Duration;

/// Why a replica does not serve.
#[derive(Debug)]
pub(crate) enum ReplicaProblem {
    /// It does not answer.
    Away(StorageError),
    /// It is no standby of its primary, or its data is not what the primary had.
    Foreign(String),
    /// It has not replayed what the primary had this long ago.
    Behind(Duration),
}

impl ReplicaProblem {
    /// Whether the problem of a replica that is being opened may pass in a moment.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Behind(_) | Self::Away(StorageError::Unavailable { .. })
        )
    }

    /// Returns why the replica does not open.
    pub(crate) fn into_open_error(self, config: &DatabaseConfig) -> OpenError {
        let away = match self {
            Self::Away(error) => return error.into(),
            Self::Foreign(why) => return config.unusable(&why),
            Self::Behind(_) => "it has not caught up with its primary",
        };
        config.unreachable(&away)
    }

    /// Returns the state of a replica with this problem, and the cause; `None` while it is being
    /// closed.
    pub(crate) fn into_state(self) -> Option<(DatabaseState, String)> {
        match self {
            Self::Away(StorageError::Closed { .. }) => None,
            Self::Away(saturated @ StorageError::Saturated { .. }) => {
                Some((DatabaseState::Degraded, saturated.to_string()))
            }
            Self::Away(StorageError::Unavailable { cause, .. }) => {
                Some((DatabaseState::Lost, cause))
            }
            Self::Away(error) => Some((DatabaseState::Lost, error.to_string())),
            Self::Foreign(why) => Some((DatabaseState::Lost, why)),
            Self::Behind(behind) => Some((
                DatabaseState::Degraded,
                format!("it is {:.1} s behind its primary", behind.as_secs_f64()),
            )),
        }
    }
}
