//! How a part of the house shows itself to the operator.

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
}
