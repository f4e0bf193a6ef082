//! How a part of the house shows itself to the operator, and what can be done to it.

use futures_util::future::BoxFuture;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeState {
    /// As it should be.
    Ok,
    /// Works, with less.
    Degraded,
    /// Does not work.
    Down,
}

/// Offered by storage and every extension; shown by the gateway's operator listener.
pub trait Probe: Send + Sync + 'static {
    /// Stable name, part of the path: `db-pool`.
    fn name(&self) -> &'static str;
    /// True when the server is not ready while this is down.
    fn critical(&self) -> bool;
    /// How it is now. Never waits.
    fn state(&self) -> ProbeState;
    /// Details as JSON text. Never waits.
    fn json(&self) -> String;

    /// Does what `path` names, `core/reset`: `POST /{name}/{path}` on the operator's listener.
    /// `None`: there is no such thing to do. What has been begun goes on when its future is
    /// dropped.
    fn act(&self, path: &str) -> Option<Acting> {
        let _ = path;
        None
    }
}

/// An action under way: JSON text when it is done.
pub type Acting = BoxFuture<'static, Result<String, ActError>>;

/// Why an action was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// It, or one that excludes it, is under way.
    #[error("this is being done already")]
    Busy,
    /// There is nothing of the name that the path says.
    #[error("{0}")]
    Unknown(String),
    /// It did not succeed.
    #[error("{0}")]
    Failed(String),
}
