//! Actions: what the operator of a running server can have a component do.

use futures_util::future::BoxFuture;

/// The actions that a component offers on the operator's listener.
pub trait OperatorActions: Send + Sync + 'static {
    /// Returns the stable name, a path segment such as `accounts`.
    fn name(&self) -> &'static str;

    /// Starts the action `path`, such as `core/reset`, for `POST /{name}/{path}`. Returns `None` if
    /// there is no such action. A started action goes on when its future is dropped.
    fn act(&self, path: &str) -> Option<Acting>;
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
