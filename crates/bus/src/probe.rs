//! Health probes: how a component reports its state to the operator, and which actions it offers.

use futures_util::future::BoxFuture;

/// The health of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeState {
    /// It works normally.
    Ok,
    /// It works with reduced capacity or features.
    Degraded,
    /// It does not work.
    Down,
}

/// A component's health and actions, shown by the gateway's operator listener.
pub trait Probe: Send + Sync + 'static {
    /// Returns the stable name, a path segment such as `db-pool`.
    fn name(&self) -> &'static str;
    /// Whether the server is not ready while this is down.
    fn critical(&self) -> bool;
    /// Returns the current state. Never waits.
    fn state(&self) -> ProbeState;
    /// Returns details as JSON text. Never waits.
    fn json(&self) -> String;

    /// Starts the action `path`, such as `core/reset`, for `POST /{name}/{path}` on the operator's
    /// listener. Returns `None` if there is no such action. A started action goes on when its
    /// future is dropped.
    fn act(&self, path: &str) -> Option<Acting> {
        let _ = path;
        None
    }
}

/// An action under way. Its result is JSON text.
pub type Acting = BoxFuture<'static, Result<String, ActError>>;

/// Why an action failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// This action, or one that excludes it, is already running.
    #[error("already running, try again when it has finished")]
    Busy,
    /// The path names something that does not exist.
    #[error("{0}")]
    Unknown(String),
    /// The action was started and failed.
    #[error("{0}")]
    Failed(String),
}
