//! What the fuzz target of `fuzz/` calls for reactions. Each promise that is broken is a panic; a unit
//! test replays what was found.

use crate::emoji::{Emoji, shown};

/// A reaction has one canonical form, which is the same reaction; what was added can be removed.
pub fn emojis(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(emoji) = Emoji::parse(typed) {
        assert_eq!(Emoji::parse(emoji.text()).ok().as_ref(), Some(&emoji));
        assert_eq!(Emoji::parse_stored(typed).ok().as_ref(), Some(&emoji));
        assert_eq!(shown(emoji.key()), emoji.text());
    }
    if let Ok(emoji) = Emoji::parse_stored(typed) {
        let again = Emoji::parse_stored(emoji.text());
        assert_eq!(again.ok().as_ref(), Some(&emoji));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_is_replayed() {
        fixtures::replay("texts", super::emojis);
    }
}
