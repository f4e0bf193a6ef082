//! Finds `@name` in a body. Whether such a name exists is for the directory to look up.
//!
//! Many scripts have no spaces, so text may follow a name at once: each `@` has several readings.

use sessions::api::is_name_character;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

/// The maximum number of `@` looked at in one message.
const MENTIONS_MAX: usize = 32;
/// The maximum number of readings looked up for one message.
const READINGS_MAX: usize = 256;
/// The longest name, in characters.
const NAME_MAX: usize = 32;

/// Returns whom a body mentions, in order of appearance. Of the readings of one `@`, the longest that
/// `find` knows counts.
pub(crate) fn mentioned<'b, P>(body: &'b str, find: impl Fn(&str) -> Option<P>) -> Vec<P> {
    let readings = all_readings(body);
    let first_known = |names: Vec<&'b str>| names.into_iter().find_map(&find);
    readings.into_iter().filter_map(first_known).collect()
}

/// Returns all names to look up for a body.
pub(crate) fn candidates(body: &str) -> Vec<&str> {
    all_readings(body).concat()
}

/// Returns the readings of each `@`, the longest first.
fn all_readings(body: &str) -> Vec<Vec<&str>> {
    let (mut all, mut count) = (Vec::new(), 0);
    for (at, _) in body.match_indices('@') {
        let (before, name) = (&body[..at], name_at_start(&body[at + 1..]));
        if name.is_empty() || is_address(before, name) {
            continue;
        }
        let names = readings(name);
        count += names.len();
        if all.len() == MENTIONS_MAX || count > READINGS_MAX {
            break;
        }
        all.push(names);
    }
    all
}

/// Returns the start of a text as far as it may be a name.
fn name_at_start(text: &str) -> &str {
    // Twice the longest name: the punctuation of the sentence may follow it.
    let mut chars = text.char_indices().take(2 * NAME_MAX);
    let end = chars.find(|(_, c)| !is_name_character(*c));
    let end = end.or_else(|| text.char_indices().nth(2 * NAME_MAX));
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// Returns the names that a text may begin with: all of it, or up to a boundary of words. Trailing
/// punctuation may belong to the name or to the sentence.
fn readings(text: &str) -> Vec<&str> {
    let inner = text.char_indices().map(|(at, _)| at).skip(1);
    let ends = inner.filter(|at| is_boundary(&text[..*at], &text[*at..]));
    let mut ends: Vec<usize> = ends.collect();
    ends.push(text.len());
    let mut names = Vec::new();
    for end in ends.into_iter().rev() {
        let longest = &text[..end];
        let shorter = longest.trim_end_matches(['.', '-', '_']);
        for name in [longest, shorter] {
            let fits = (1..=NAME_MAX).contains(&name.chars().count());
            if fits && names.last() != Some(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Returns whether a name may end here and other text begin. The punctuation of names joins words.
fn is_boundary(before: &str, after: &str) -> bool {
    let next = after.chars().next();
    let joins = |c: char| c.is_ascii_punctuation() || is_mark(c);
    let word = before.trim_end_matches(['.', '-', '_']);
    !next.is_some_and(joins) && !is_one_word(word, after)
}

/// Returns whether an `@` between these texts makes an address, as in `a@b`. Hebrew and Arabic attach
/// words like "to" and "and" to the name that follows.
fn is_address(before: &str, name: &str) -> bool {
    let attaches = |c: char| matches!(c.script(), Script::Hebrew | Script::Arabic);
    is_one_word(before, name) && !last_base(before).is_some_and(attaches)
}

/// Returns whether two texts meet within one word. Words end at the boundaries of UAX 29 and where the
/// script changes.
fn is_one_word(before: &str, after: &str) -> bool {
    let (Some(last), Some(first)) = (last_base(before), after.chars().next()) else {
        return false;
    };
    last.is_alphanumeric()
        && is_one_script(before, first)
        && String::from_iter([last, first]).split_word_bounds().count() == 1
}

/// Returns whether a character may be of the script of the word that ends before it. Digits are of all
/// scripts.
fn is_one_script(before: &str, next: char) -> bool {
    let word = before
        .chars()
        .rev()
        .take_while(|c| c.is_alphanumeric() || is_mark(*c));
    let mut scripts = word.map(|c| c.script_extension());
    let script = scripts.find(|script| !script.is_common() && !script.is_inherited());
    script.is_none_or(|script| !script.intersection(next.script_extension()).is_empty())
}

/// Returns the last character that is not a mark on another one.
fn last_base(text: &str) -> Option<char> {
    text.chars().rev().find(|c| !is_mark(*c))
}

/// Returns whether a character is drawn with the one before. (U+20E3, which makes a keycap of a digit,
/// is not: a keycap is a sign of its own.)
fn is_mark(c: char) -> bool {
    use GeneralCategory::{NonspacingMark, SpacingMark};
    matches!(c.general_category(), NonspacingMark | SpacingMark)
        || matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::{MENTIONS_MAX, NAME_MAX, READINGS_MAX, candidates, mentioned};
    use serde_json::Value;

    fn texts(list: &Value) -> Vec<&str> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap())
            .collect()
    }

    #[test]
    fn the_table_of_cases_holds() {
        let words: Value =
            serde_json::from_str(include_str!("../../../../tests/words.json")).unwrap();
        let people = texts(&words["people"]);
        let find = |name: &str| people.iter().find(|known| name.to_lowercase() == **known);
        for case in words["mentions"].as_array().unwrap() {
            let (body, expected) = (case[0].as_str().unwrap(), texts(&case[1]));
            let found: Vec<&str> = mentioned(body, find).into_iter().copied().collect();
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn the_longest_reading_comes_first() {
        assert_eq!(candidates("ask @alice-2."), ["alice-2.", "alice-2"]);
        assert_eq!(candidates("@小明你"), ["小明你", "小明", "小"]);
        assert_eq!(candidates("@bob2님"), ["bob2님", "bob2"]);
    }

    #[test]
    fn the_number_of_names_is_limited() {
        let names: Vec<String> = (0..1000).map(|n| format!("@n{n}")).collect();
        assert_eq!(candidates(&names.join(" ")).len(), MENTIONS_MAX);
        let long = format!("@{}", "好".repeat(4000));
        assert_eq!(candidates(&long).len(), NAME_MAX);
        assert!(candidates(&long.repeat(100)).len() <= READINGS_MAX);
        assert!(candidates(&"@好".repeat(1000)).len() <= READINGS_MAX);
    }
}
