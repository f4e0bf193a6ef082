//! The settings of messaging.

use settings::{Setting, Table, group, number};

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

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        group("Capacity", rows())
    }
}

fn rows() -> Vec<Setting<Settings>> {
    vec![
        number(
            "message_reads_max",
            "reads",
            1..=10_000,
            |c: &mut Settings| &mut c.reads_max,
        )
        .about("Concurrent reads of history and room lists.")
        .ends(
            "Pages wait although the database is idle.",
            "Commits wait for a connection.",
        ),
        number(
            "reaction_kinds_max",
            "kinds",
            1..=1_000,
            |c: &mut Settings| &mut c.reaction_kinds_max,
        )
        .about("Different reactions on one message.")
        .ends(
            "People cannot add the reaction they want.",
            "Popular messages make pages large.",
        ),
    ]
}
