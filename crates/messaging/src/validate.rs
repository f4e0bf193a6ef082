//! Validating the short texts of messaging's commands; for bodies see [`rooms::api::text`].

use rooms::api::Refusal;
use unicode_normalization::UnicodeNormalization as _;

const EMOJI_BYTES_MAX: usize = 32;

/// Validates an emoji and returns it in NFC, so that equal reactions have equal bytes.
pub(crate) fn emoji(text: &str) -> Result<String, Refusal> {
    let emoji: String = text.nfc().collect();
    let blank = |c: char| c.is_control() || c.is_whitespace();
    if (1..=EMOJI_BYTES_MAX).contains(&emoji.len()) && !emoji.contains(blank) {
        return Ok(emoji);
    }
    Err(Refusal::BadRequest {
        field: "emoji",
        expected: "1 to 32 bytes, no space and no control character",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_has_one_to_thirty_two_bytes() {
        assert_eq!(emoji("👩‍🚀").unwrap(), "👩‍🚀");
        assert!(emoji(&"👍".repeat(8)).is_ok());
        for bad in ["", &"👍".repeat(9), " ", "a b", "\0"] {
            let refusal = emoji(bad).unwrap_err();
            assert!(matches!(
                refusal,
                Refusal::BadRequest { field: "emoji", .. }
            ));
        }
    }

    #[test]
    fn an_emoji_is_normalised() {
        assert_eq!(emoji("e\u{301}").unwrap(), "é");
    }
}
