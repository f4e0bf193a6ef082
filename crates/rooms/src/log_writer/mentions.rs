//! `@name` in a body. Whether a name is somebody's is for the directory to say.

/// More names than this in one message are not looked up.
const NAMES_MAX: usize = 32;

/// What may be names in a text, in order of appearance, without their `@`. A sign that often ends
/// a sentence may be part of a name or not: both readings are given, the longer one first.
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
    let end = rest.find(|sign| !is_part(sign)).unwrap_or(rest.len());
    let longest = &rest[..end];
    let shorter = longest.trim_end_matches(['.', '-', '_']);
    for name in [longest, shorter] {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Whether a sign may stand in a name: everything but blanks, control characters and the
/// punctuation that surrounds names in a text.
fn is_part(sign: char) -> bool {
    match sign {
        '.' | '-' | '_' => true,
        sign if sign.is_ascii() => sign.is_ascii_alphanumeric(),
        sign => !sign.is_whitespace() && !sign.is_control() && !is_foreign_punctuation(sign),
    }
}

/// Quotation marks, dashes, ellipses and full-width punctuation.
fn is_foreign_punctuation(sign: char) -> bool {
    matches!(sign, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3003}' | '«' | '»' | '¿' | '¡'
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
    fn an_address_is_no_mention() {
        assert_eq!(candidates("write to alice@example.com"), Vec::<&str>::new());
        assert_eq!(candidates("@ nobody @"), Vec::<&str>::new());
    }

    #[test]
    fn a_name_is_asked_for_once() {
        assert_eq!(candidates("@bob @bob @bob"), ["bob"]);
    }

    #[test]
    fn a_text_full_of_names_asks_for_few() {
        let names: Vec<String> = (0..1000).map(|n| format!("@n{n}")).collect();
        assert_eq!(candidates(&names.join(" ")).len(), NAMES_MAX);
    }
}
