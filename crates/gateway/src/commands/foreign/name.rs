//! The names that commands of extensions may have.

/// Names outside `x.` that extensions of this repository may take, and their paths over HTTP.
const RESERVED: &[(&str, &str)] = &[("search", "/api/v1/search")];
/// Longest part of a name, characters.
const PART_MAX: usize = 24;

/// Returns the extension that a command of this name belongs to; `None` if no command may have it.
pub(crate) fn extension_of(name: &'static str) -> Option<&'static str> {
    if let Some((reserved, _)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
        return Some(reserved);
    }
    extension_in(name)
}

/// Returns the extension in `x.NAME.…`, as commands and pushes are called.
pub(crate) fn extension_in(name: &str) -> Option<&str> {
    let (extension, own) = name.strip_prefix("x.")?.split_once('.')?;
    (is_name_part(extension) && is_name_part(own)).then_some(extension)
}

/// Returns the path over HTTP of a reserved name.
pub(crate) fn reserved_path(name: &str) -> Option<&'static str> {
    let found = RESERVED.iter().find(|(reserved, _)| *reserved == name);
    found.map(|(_, path)| *path)
}

/// Returns whether this can be the name of an extension, or of a command within one.
pub(crate) fn is_name_part(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.len() <= PART_MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::{extension_of, reserved_path};

    #[test]
    fn a_name_says_whose_it_is() {
        assert_eq!(extension_of("x.karma.top_10"), Some("karma"));
        assert_eq!(extension_of("search"), Some("search"));
        assert_eq!(reserved_path("search"), Some("/api/v1/search"));
    }

    #[test]
    fn other_names_belong_to_nobody() {
        for name in [
            "",
            "karma",
            "karma.top",
            "x.karma",
            "x.karma.",
            "x..top",
            "x.karma.top.week",
            "x.Karma.top",
            "x.1karma.top",
            "x.karma.to p",
            "x.karma.tóp",
            "x.karma.top/",
            "x.abcdefghijklmnopqrstuvwxy.top",
            "search ",
        ] {
            assert_eq!(extension_of(name), None, "{name}");
        }
    }
}
