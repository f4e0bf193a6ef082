//! The rule for all texts that people write: NFC, no control characters, within limits.

use super::is_blank;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// The limits for one kind of text.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The field's name in a refusal.
    pub field: &'static str,
    /// The maximum length in characters.
    pub chars_max: usize,
    /// The maximum length in bytes of UTF-8.
    pub bytes_max: usize,
    /// Whether the text may contain newlines and tabs.
    pub lines: bool,
    /// Whether the text may be blank; it then becomes empty.
    pub empty: bool,
}

/// Checks a text and returns it in NFC, or what is wrong with it. Keeps surrounding white space, but a text
/// that shows nothing ([`is_blank`]) counts as empty.
pub fn check(text: &str, rule: Rule) -> Result<String, &'static str> {
    let text = nfc(text);
    if text.len() > rule.bytes_max || text.chars().count() > rule.chars_max {
        return Err("is too long");
    }
    let allowed = |sign: char| !sign.is_control() || (rule.lines && matches!(sign, '\n' | '\t'));
    if !text.chars().all(allowed) {
        return Err("holds a control character");
    }
    match (is_blank(&text), rule.empty) {
        (false, _) => Ok(text),
        (true, true) => Ok(String::new()),
        (true, false) => Err("is empty"),
    }
}

/// Normalises a text. Most texts are in NFC already, and checking is much faster than normalising.
fn nfc(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        IsNormalized::No | IsNormalized::Maybe => text.nfc().collect(),
    }
}
