//! What the fuzz target of `fuzz/` calls for names and passwords. Each promise that is broken is a
//! panic; a unit test replays what was found.

use crate::api::{is_blank, is_name_character};
use crate::name::Name;
use crate::password::Password;

/// A name or password has one canonical form, and that form is valid itself.
pub fn names(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(name) = Name::parse(typed) {
        assert!(!is_blank(name.text()), "{name:?} shows nothing");
        assert!(name.text().chars().all(is_name_character), "{name:?}");
        assert!(name.text().chars().count() <= 32, "{name:?}");
        let again = Name::parse(name.text());
        assert_eq!(again.as_ref(), Some(&name), "its own form");
        if let Some(other) = name.with_suffix(2) {
            assert!(name.is_suffixed_as(other.text()), "{name:?} {other:?}");
        }
    }
    let password = Password::new(typed.to_owned());
    let canonical = password.canonical().to_owned();
    let again = Password::new(canonical.clone());
    assert_eq!(again.canonical(), canonical);
    assert!(again.forms().count() <= 1);
    assert!(password.forms().all(|form| form.len() <= 256));
    assert_eq!(again.into_new(), password.into_new());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_is_replayed() {
        fixtures::replay("names", super::names);
    }
}
