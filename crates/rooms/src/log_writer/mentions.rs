//! Finds `@name` in a body. Whether such a name exists is for the directory to look up.

/// The maximum number of names looked up for one message.
const NAMES_MAX: usize = 32;

/// Returns the possible names in a text in order of appearance, without their `@`. Trailing punctuation
/// may belong to the name or to the sentence: both readings are returned, the longer one first.
pub(crate) fn candidates(body: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in body.match_indices('@') {
        let before = body[..at].chars().next_back();
        if !before.is_some_and(is_part) {
            readings(&body[at + 1..], &mut names);
        }
        if names.len() >= NAMES_MAX {
            names.truncate(NAMES_MAX);
            break;
        }
    }
    names
}

fn readings<'b>(rest: &'b str, names: &mut Vec<&'b str>) {
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let longest = &rest[..end];
    let shorter = longest.trim_end_matches(['.', '-', '_']);
    for name in [longest, shorter] {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Returns whether a character may be part of a name: anything but white space, control characters and
/// the punctuation that surrounds names in a text.
fn is_part(c: char) -> bool {
    match c {
        '.' | '-' | '_' => true,
        c if c.is_ascii() => c.is_ascii_alphanumeric(),
        c => !c.is_whitespace() && !c.is_control() && !is_foreign_punctuation(c),
    }
}

/// Matches quotation marks, dashes, ellipses and full-width punctuation.
fn is_foreign_punctuation(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3003}' | '«' | '»' | '¿' | '¡'
        | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}')
}

#[cfg(test)]
mod tests {
    use super::{NAMES_MAX, candidates};

    #[test]
    fn names_end_where_sentences_do() {
        assert_eq!(
            candidates("hi @alice, (@bob) and @Éva!"),
            ["alice", "bob", "Éva"]
        );
        assert_eq!(candidates("ask @alice-2."), ["alice-2.", "alice-2"]);
        assert_eq!(candidates("„@анна“"), ["анна"]);
    }

    #[test]
    fn an_email_address_is_not_a_mention() {
        assert_eq!(candidates("write to alice@example.com"), Vec::<&str>::new());
        assert_eq!(candidates("@ nobody @"), Vec::<&str>::new());
    }

    #[test]
    fn a_repeated_name_is_returned_once() {
        assert_eq!(candidates("@bob @bob @bob"), ["bob"]);
    }

    #[test]
    fn the_number_of_names_is_limited() {
        let names: Vec<String> = (0..1000).map(|n| format!("@n{n}")).collect();
        assert_eq!(candidates(&names.join(" ")).len(), NAMES_MAX);
    }
}
