//! Makes untrusted text safe to show in a log line or a response.

/// Longest text that is shown, characters.
const CHARS_MAX: usize = 100;

/// Shortens the text and replaces everything but harmless ASCII by `?`.
pub(super) fn sanitize(bytes: &[u8]) -> String {
    let plain = |byte: &u8| match byte {
        b'"' | b'\\' | b'<' | b'>' => '?',
        b'!'..=b'~' => char::from(*byte),
        _ => '?',
    };
    let mut text: String = bytes.iter().take(CHARS_MAX).map(plain).collect();
    if bytes.len() > CHARS_MAX {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{CHARS_MAX, sanitize};

    #[test]
    fn untrusted_text_becomes_short_and_plain() {
        assert_eq!(sanitize(b"https://evil.example"), "https://evil.example");
        assert_eq!(sanitize(b"a\"b\\c\n\x1b[2J\xff d"), "a?b?c??[2J??d");
        let long = sanitize(&[b'x'; 10_000]);
        assert_eq!(long.chars().count(), CHARS_MAX + 1);
    }
}
