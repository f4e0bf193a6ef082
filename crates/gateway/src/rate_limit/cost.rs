//! What a command or request costs.

use crate::limits::Points;

/// Which of the settings in [`Points`] a command costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// As many points as [`Points::hello`] says.
    Hello,
    /// As many points as [`Points::send`] says, and one of the sends per second.
    Send,
    /// As many points as [`Points::page`] says.
    Page,
    /// As many points as [`Points::other`] says.
    Other,
}

impl Cost {
    /// How many points that is.
    #[must_use]
    pub fn points(self, points: &Points) -> u32 {
        match self {
            Self::Hello => points.hello,
            Self::Send => points.send,
            Self::Page => points.page,
            Self::Other => points.other,
        }
    }
}
