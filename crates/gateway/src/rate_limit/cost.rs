//! What a command or request costs.

use crate::limits::Points;

/// Which of the settings in [`Points`] a command costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// [`Points::hello`]
    Hello,
    /// [`Points::send`], and one of the sends per second.
    Send,
    /// [`Points::page`]
    Page,
    /// [`Points::other`]
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
