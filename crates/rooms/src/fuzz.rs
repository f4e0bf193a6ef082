//! What the fuzz target of `fuzz/` calls for texts. Each promise that is broken is a panic; a unit test
//! replays what was found.

use crate::api::text;
use crate::log_writer::Mentions;
use sessions::api::{is_blank, is_name_character};

/// A text has one canonical form, which is a valid text itself; its mentions are names.
pub fn texts(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(body) = text::body(typed) else {
        return;
    };
    assert!(!is_blank(&body) && !is_blank(typed));
    assert!(body.len() <= text::BODY_BYTES_MAX && body.chars().count() <= text::BODY_CHARS_MAX);
    assert_eq!(text::body(&body).as_ref(), Ok(&body), "its own form");
    let names: Vec<&str> = Mentions::of(&body).names().collect();
    assert!(names.len() <= 64, "{} names", names.len());
    for name in names {
        assert!((1..=32).contains(&name.chars().count()), "{name:?}");
        assert!(name.chars().all(is_name_character), "{name:?}");
        let follows = |sign| body.contains(&format!("{sign}{name}"));
        assert!(follows('@') || follows('\u{ff20}'), "{name:?}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_is_replayed() {
        fixtures::replay("texts", super::texts);
    }
}
