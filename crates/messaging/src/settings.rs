//! The settings of messaging.

/// The limits of messaging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The number of different reactions to one message. Default 20. Too low: people cannot use the one
    /// they want; too high: popular messages make pages of history large.
    pub reaction_kinds_max: usize,
    /// The number of concurrent reads (`history`, `rooms`). Default 8. Too low: reads wait although the
    /// database is idle; too high: reads take all the connections and commits wait for one.
    pub reads_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reaction_kinds_max: 20,
            reads_max: 8,
        }
    }
}
