//! The types that a setting may have: how they are parsed from text and shown as TOML.

use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// A value that is parsed from text.
pub(crate) trait Value: Clone + Send + Sync + 'static {
    /// Parses the text; `None` if it is invalid.
    fn parse(text: &str) -> Option<Self>;
    /// Formats the value as TOML.
    fn show(&self) -> String;
}

/// A switch; `true` and `false` are accepted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// Who may register an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// Anyone may register.
    Open,
    /// Only with the invite code.
    Invite,
    /// Nobody may register.
    Off,
}

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

/// Formats text as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

impl Value for Switch {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "on" | "true" => Some(Self::On),
            "off" | "false" => Some(Self::Off),
            _ => None,
        }
    }
    fn show(&self) -> String {
        quoted(match self {
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

impl Value for bool {
    fn parse(text: &str) -> Option<Self> {
        Switch::parse(text).map(|switch| switch == Switch::On)
    }
    fn show(&self) -> String {
        if *self { Switch::On } else { Switch::Off }.show()
    }
}

impl Value for Registration {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "invite" => Some(Self::Invite),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
    fn show(&self) -> String {
        quoted(match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Off => "off",
        })
    }
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

impl Value for SocketAddr {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for String {
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Value for IpNet {
    /// Accepts a network or a single address.
    fn parse(text: &str) -> Option<Self> {
        text.parse()
            .ok()
            .or_else(|| text.parse().ok().map(std::net::IpAddr::into))
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

/// An empty text means unset.
impl<V: Value> Value for Option<V> {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(None);
        }
        V::parse(text).map(Some)
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| quoted(""), V::show)
    }
}

/// A list: separated by commas in the environment, an array in TOML.
impl<V: Value> Value for Vec<V> {
    fn parse(text: &str) -> Option<Self> {
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(V::parse)
            .collect()
    }
    fn show(&self) -> String {
        let items: Vec<_> = self.iter().map(V::show).collect();
        format!("[{}]", items.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_network_or_one_address() {
        assert_eq!(
            Vec::<IpNet>::parse("10.0.0.0/8, ::1").map(|v| v.show()),
            Some(r#"["10.0.0.0/8", "::1/128"]"#.to_owned())
        );
        assert_eq!(Vec::<IpNet>::parse("10.0.0.0/40"), None);
    }

    #[test]
    fn a_bare_word_in_a_log_filter_is_a_level() {
        assert!(LogFilter::parse("info,bus=debug").is_some());
        assert_eq!(LogFilter::parse("infoo"), None);
        assert_eq!(LogFilter::parse("info,bus=loud"), None);
    }

    #[test]
    fn a_list_may_be_empty() {
        assert_eq!(Vec::<String>::parse(""), Some(vec![]));
    }
}
