//! The types that a setting may have: how they are parsed from text and shown as TOML.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A value that is parsed from text.
pub trait Value: Clone + Send + Sync + 'static {
    /// Parses the text; `None` if it is invalid.
    #[must_use]
    fn parse(text: &str) -> Option<Self>;

    /// Formats the value as TOML; [`quoted`] formats a text.
    #[must_use]
    fn show(&self) -> String;
}

/// Formats text as a TOML string.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Parses a list: its items are separated by commas, and empty ones are left out. Fails with the first
/// item's error.
pub fn list<T, E>(text: &str, parse: impl FnMut(&str) -> Result<T, E>) -> Result<Vec<T>, E> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(parse)
        .collect()
}

/// A switch: `on` or `off`; `true` and `false` are accepted too.
impl Value for bool {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "on" | "true" => Some(true),
            "off" | "false" => Some(false),
            _ => None,
        }
    }
    fn show(&self) -> String {
        quoted(if *self { "on" } else { "off" })
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

/// A path, not empty.
impl Value for PathBuf {
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }
    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

/// A text, not empty.
impl Value for String {
    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| text.to_owned())
    }
    fn show(&self) -> String {
        quoted(self)
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
        list(text, |item| V::parse(item).ok_or(())).ok()
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
    fn a_list_may_be_empty() {
        assert_eq!(Vec::<String>::parse(""), Some(vec![]));
        assert_eq!(Vec::<String>::parse("a, ,b,").map(|v| v.len()), Some(2));
        assert_eq!(Vec::<bool>::parse("on,maybe"), None);
    }

    #[test]
    fn text_is_quoted_so_that_toml_reads_it_back() {
        assert_eq!(quoted("a\"b\\c\n\u{1}é"), r#""a\"b\\c\n\u0001é""#);
    }

    #[test]
    fn a_text_is_not_empty_unless_it_may_be_unset() {
        assert_eq!(String::parse(""), None);
        assert_eq!(PathBuf::parse(""), None);
        assert_eq!(Option::<String>::parse(""), Some(None));
    }
}
