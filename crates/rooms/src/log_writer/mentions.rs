//! Finds `@name` in a body. Whether such a name exists is for the directory to look up.
//!
//! Many scripts have no spaces, so text may follow a name directly: each `@` has several readings. This
//! runs within the transaction that writes the message, so it looks only at the beginning of each name
//! and only at the first names of a body.

use sessions::api::is_name_character;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};
use unicode_script::{Script, ScriptExtension, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

/// What begins a mention; the second is full-width.
const SIGNS: [char; 2] = ['@', '\u{ff20}'];
/// The maximum number of signs looked at in one message, whatever follows them.
const SIGNS_MAX: usize = 32;
/// The maximum number of readings looked up for one message.
const READINGS_MAX: usize = 64;
/// The longest name, in characters.
const NAME_MAX: usize = 32;
/// The punctuation that names may have.
const PUNCTUATION: [char; 3] = ['.', '-', '_'];
/// Joins or separates the letters beside it, and shows nothing itself.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// The names that a body may mention.
pub(crate) struct Mentions<'b> {
    /// The readings of each `@`, the longest first.
    readings: Vec<Vec<&'b str>>,
}

impl<'b> Mentions<'b> {
    /// Reads a body from its start, as far as the limits allow.
    pub(crate) fn of(body: &'b str) -> Self {
        let (mut all, mut count) = (Vec::new(), 0);
        for (at, sign) in body.match_indices(SIGNS).take(SIGNS_MAX) {
            let (before, name) = (&body[..at], name_at_start(&body[at + sign.len()..]));
            if name.is_empty() || is_address(before, name) {
                continue;
            }
            let names = readings(name);
            count += names.len();
            if count > READINGS_MAX {
                break;
            }
            all.push(names);
        }
        Self { readings: all }
    }

    /// Returns all names to look up.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'b str> {
        self.readings.iter().flatten().copied()
    }

    /// Returns whom the body mentions, in order of appearance. Of the readings of one `@`, the longest
    /// that `find` knows counts.
    pub(crate) fn known<P>(&self, find: impl Fn(&str) -> Option<P>) -> Vec<P> {
        let first_known = |names: &Vec<&str>| names.iter().find_map(|name| find(name));
        self.readings.iter().filter_map(first_known).collect()
    }
}

/// Returns the start of a text as far as it may be a name and shows whether the longest name ends.
fn name_at_start(text: &str) -> &str {
    let mut chars = text.char_indices().take(NAME_MAX + 1);
    let end = chars.find(|(_, c)| !is_name_character(*c));
    let end = end.or_else(|| text.char_indices().nth(NAME_MAX + 1));
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

/// Returns the names that a text may begin with: all of it, or up to a boundary of words. Trailing
/// punctuation may belong to the name or to the sentence.
fn readings(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for end in ends(text).into_iter().rev() {
        let longest = &text[..end];
        let shorter = longest.trim_end_matches(|c| PUNCTUATION.contains(&c) || is_joiner(c));
        for name in [longest, shorter] {
            let fits = (1..=NAME_MAX).contains(&name.chars().count());
            if fits && names.last() != Some(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// Returns where a name at the start of this text may end.
fn ends(text: &str) -> Vec<usize> {
    let (mut ends, mut word) = (Vec::new(), Word::default());
    for (at, c) in text.char_indices() {
        if at > 0 && word.may_end_before(c) {
            ends.push(at);
        }
        word.push(c);
    }
    ends.push(text.len());
    ends
}

/// The word at the end of a text.
#[derive(Default)]
struct Word {
    /// The last character that is not a mark on another one; not the punctuation after it, since that
    /// joins words.
    last: Option<char>,
    /// The script of the word so far. Digits are of all scripts.
    script: Option<ScriptExtension>,
    /// Whether punctuation follows.
    is_closed: bool,
}

impl Word {
    fn of(text: &str) -> Self {
        let mut word = Self::default();
        // The last word alone decides.
        let is_part = |c: &char| c.is_alphanumeric() || is_mark(*c);
        let start = text.char_indices().rev().take_while(|(_, c)| is_part(c));
        let start = start.last().map_or(text.len(), |(at, _)| at);
        text[start..].chars().for_each(|c| word.push(c));
        word
    }

    fn push(&mut self, c: char) {
        if PUNCTUATION.contains(&c) {
            self.is_closed = true;
            return;
        }
        if self.is_closed {
            *self = Self::default();
        }
        if !is_mark(c) {
            self.last = Some(c);
        }
        if !self.last.is_some_and(char::is_alphanumeric) {
            self.script = None;
        } else if let Some(script) = script_of(c) {
            self.script = Some(script);
        }
    }

    /// Returns whether a name may end here and other text begin.
    fn may_end_before(&self, next: char) -> bool {
        is_joiner(next)
            || !(PUNCTUATION.contains(&next) || is_mark(next) || self.goes_on_with(next))
    }

    /// Returns whether a character belongs to this word. Words end at the boundaries of UAX 29, where the
    /// script changes, and between syllables of Hangul, which adds particles to names.
    fn goes_on_with(&self, next: char) -> bool {
        let Some(last) = self.last.filter(|last| last.is_alphanumeric()) else {
            return false;
        };
        let of_script =
            |script: ScriptExtension| !script.intersection(next.script_extension()).is_empty();
        self.script.is_none_or(of_script)
            && !(is_syllable(last) && is_syllable(next))
            && String::from_iter([last, next]).split_word_bounds().count() == 1
    }
}

/// Returns whether an `@` between these texts makes an address, as in `a@b`. Hebrew and Arabic attach
/// words like "to" and "and" to the name that follows.
fn is_address(before: &str, name: &str) -> bool {
    let word = Word::of(before);
    let attaches = |script: ScriptExtension| {
        script.contains_script(Script::Hebrew) || script.contains_script(Script::Arabic)
    };
    let (Some(last), Some(first)) = (word.last, name.chars().next()) else {
        return false;
    };
    // Symbols like 🅱 and ℹ are letters for Unicode.
    is_name_character(last) && word.goes_on_with(first) && !script_of(last).is_some_and(attaches)
}

/// Returns the scripts that a character belongs to, unless it belongs to all.
fn script_of(c: char) -> Option<ScriptExtension> {
    let script = c.script_extension();
    (!script.is_common() && !script.is_inherited()).then_some(script)
}

/// Returns whether a character is drawn with the one before. (U+20E3, which makes a keycap of a digit,
/// is not: a keycap is a sign of its own.)
fn is_mark(c: char) -> bool {
    use GeneralCategory::{NonspacingMark, SpacingMark};
    matches!(c.general_category(), NonspacingMark | SpacingMark) || is_joiner(c)
}

fn is_joiner(c: char) -> bool {
    JOINERS.contains(&c)
}

fn is_syllable(c: char) -> bool {
    ('\u{ac00}'..='\u{d7a3}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::{Mentions, NAME_MAX, READINGS_MAX, SIGNS_MAX};
    use serde_json::Value;

    fn names(body: &str) -> Vec<&str> {
        Mentions::of(body).names().collect()
    }

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
            let found: Vec<&str> = Mentions::of(body)
                .known(find)
                .into_iter()
                .copied()
                .collect();
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn the_longest_reading_comes_first() {
        assert_eq!(names("ask @alice-2."), ["alice-2.", "alice-2"]);
        assert_eq!(names("@小明你"), ["小明你", "小明", "小"]);
        assert_eq!(names("@bob2님"), ["bob2님", "bob2"]);
    }

    #[test]
    fn the_number_of_names_is_limited() {
        let many: Vec<String> = (0..1000).map(|n| format!("@n{n}")).collect();
        assert_eq!(names(&many.join(" ")).len(), SIGNS_MAX);
        let long = format!("@{}", "好".repeat(4000));
        assert_eq!(names(&long).len(), NAME_MAX);
    }

    #[test]
    fn a_hostile_body_of_the_greatest_length_costs_little() {
        for part in [
            "@好",
            "@철수는",
            "@ส",
            "@a\u{200d}",
            "@1.",
            "@aя",
            "@好好好好好好好好",
            &format!("@{}", "好.".repeat(31)),
            &format!("@{}", "1".repeat(63)),
        ] {
            let body = part.repeat(4000 / part.chars().count());
            assert!(names(&body).len() <= READINGS_MAX, "{part}");
        }
        for part in ["@ ", "a@b ", "@, "] {
            let bob = |count| part.repeat(count) + "@bob";
            assert_eq!(names(&bob(SIGNS_MAX - 1)), ["bob"], "{part}");
            assert!(names(&bob(SIGNS_MAX)).is_empty(), "{part}");
        }
    }

    #[test]
    fn a_name_of_the_greatest_length_ends_like_any_other() {
        let name = "n".repeat(NAME_MAX);
        for rest in ["", ".", "...", " ", "你", "\u{200d}", ".\u{200c}"] {
            let body = format!("@{name}{rest}");
            assert_eq!(names(&body), [name.as_str()], "{rest:?}");
        }
        assert!(names(&format!("@{name}n")).is_empty());
    }
}
