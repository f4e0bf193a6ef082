//! Health probes: how a component reports its state to the operator.

use futures_util::future::{BoxFuture, ready};

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

/// A component's health, shown by the gateway's operator listener.
pub trait Probe: Send + Sync + 'static {
    /// Returns the stable name, a path segment such as `db-pool`.
    fn name(&self) -> &'static str;
    /// Whether the server is not ready while this is down.
    fn critical(&self) -> bool;
    /// Brings what it shows up to date, if that takes more than a look. Ends within a short time, whatever
    /// happens; the operator's listener waits for it before it shows details or metrics.
    fn refresh(&self) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
    /// Returns the current state. Never waits.
    fn state(&self) -> ProbeState;
    /// Returns details as JSON text. Never waits.
    fn json(&self) -> String;
}
