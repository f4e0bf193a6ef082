//! The types of the server's own settings.

use settings::{Value, quoted};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Human-readable on a terminal, JSON otherwise.
    Auto,
    /// Human-readable text lines.
    Human,
    /// One JSON object per line.
    Json,
}

/// Which log lines are written: `info`, or `info,bus=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter(pub(crate) String);

impl LogFilter {
    /// Describes the valid values.
    pub(crate) const EXPECTED: &'static str =
        "off, error, warn, info, debug or trace, or levels per crate such as info,bus=debug";
}

impl Value for LogFormat {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "human" => Some(Self::Human),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
    fn show(&self) -> String {
        quoted(match self {
            Self::Auto => "auto",
            Self::Human => "human",
            Self::Json => "json",
        })
    }
}

/// A bare word must be a level: otherwise `infoo` would be taken for the name of a crate.
impl Value for LogFilter {
    fn parse(text: &str) -> Option<Self> {
        let fits = text.split(',').all(|directive| {
            let level = directive
                .split_once('=')
                .map_or(directive, |(_, level)| level);
            level.trim().parse::<LevelFilter>().is_ok()
        });
        (fits && text.parse::<Targets>().is_ok()).then(|| Self(text.to_owned()))
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_in_a_log_filter_is_a_level() {
        assert!(LogFilter::parse("info,bus=debug").is_some());
        assert_eq!(LogFilter::parse("infoo"), None);
        assert_eq!(LogFilter::parse("info,bus=loud"), None);
    }
}
