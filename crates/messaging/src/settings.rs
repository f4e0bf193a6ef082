//! What can be set.

/// The limits of messaging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Kinds of reactions one message may bear. Default 20. Too low: people are refused the one
    /// they want; too high: pages of history grow with every message that is popular.
    pub reaction_kinds_max: usize,
    /// Reads (`history`, `rooms`) under way at once. Default 8. Too low: pages wait although the
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
