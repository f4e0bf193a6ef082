//! Times on the wire: RFC 3339 in UTC with milliseconds.

use bus::{Clock as _, SystemClock, rfc3339};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// Milliseconds since 1970, shown as `2026-11-20T10:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub i64);

impl Time {
    /// Returns the system's time.
    #[must_use]
    pub fn now() -> Self {
        Self(SystemClock::new().wall_ms())
    }
}

fn shown(text: &[u8; 24]) -> &str {
    std::str::from_utf8(text).expect("digits are ASCII")
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(shown(&rfc3339(self.0)))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(shown(&rfc3339(self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn times_are_shown_as_rfc_3339_with_milliseconds() {
        assert_eq!(
            Time(1_795_168_800_123).to_string(),
            "2026-11-20T10:00:00.123Z"
        );
    }
}
