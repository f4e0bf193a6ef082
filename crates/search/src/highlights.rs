//! Where a text has what was looked for.

use crate::query::{Clause, Query};
use crate::terms::{Term, TermKind, terms};
use std::ops::Range;

/// The most places of one text that are shown.
const PLACES_MAX: usize = 32;

/// A place in a text: where it begins and where it ends, in UTF-16 code units, as JavaScript counts.
pub(crate) type Highlight = [usize; 2];

impl Query {
    /// Returns the places where the text has the query's words and phrases, in order and without overlaps;
    /// `None` if it lacks one of them.
    pub(crate) fn highlights(&self, text: &str) -> Option<Vec<Highlight>> {
        let terms = terms(text);
        let mut places = Vec::new();
        for clause in &self.clauses {
            let before = places.len();
            places.extend(clause.places(&terms));
            if places.len() == before {
                return None;
            }
        }
        let mut places = joined(places);
        places.truncate(PLACES_MAX);
        Some(in_utf16(text, &places))
    }
}

impl Clause {
    fn places(&self, terms: &[Term]) -> impl Iterator<Item = Range<usize>> {
        let windows = terms.windows(self.terms.len());
        windows.filter_map(|window| {
            let (last, rest) = window.split_last()?;
            let (wanted, others) = self.terms.split_last()?;
            let has_rest = rest.iter().map(|term| &term.text).eq(others);
            let has_last = if self.is_open {
                last.text.starts_with(wanted.as_str())
            } else {
                last.text == *wanted
            };
            // One character of a run is the first of a pair.
            let end = match last.kind {
                TermKind::Pair if self.is_open => last.first_end,
                _ => last.range.end,
            };
            (has_rest && has_last).then(|| window[0].range.start..end)
        })
    }
}

/// Sorts places and joins those that overlap or touch.
fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for place in places {
        match joined.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

/// Counts in UTF-16 what was counted in bytes. `places` are in order.
fn in_utf16(text: &str, places: &[Range<usize>]) -> Vec<Highlight> {
    let (mut byte, mut unit) = (0, 0);
    let mut unit_at = |at: usize| {
        unit += text[byte..at].encode_utf16().count();
        byte = at;
        unit
    };
    let places = places.iter();
    places
        .map(|place| [unit_at(place.start), unit_at(place.end)])
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::query::Query;

    fn places(query: &str, text: &str) -> Option<Vec<String>> {
        let found = Query::parse(query).unwrap().highlights(text)?;
        let units: Vec<u16> = text.encode_utf16().collect();
        let found = found.into_iter();
        Some(
            found
                .map(|[from, to]| String::from_utf16(&units[from..to]).unwrap())
                .collect(),
        )
    }

    #[test]
    fn every_place_is_shown_as_it_is_written() {
        let found = places("cafe été", "Un café, 👍 l'Été: CAFÉ");
        assert_eq!(found.unwrap(), ["café", "Été", "CAFÉ"]);
        assert_eq!(
            places("\"b c\" d", "a B, c b c d").unwrap(),
            ["B, c", "b c", "d"]
        );
        assert_eq!(places("hel", "Hello, hell").unwrap(), ["Hello", "hell"]);
    }

    #[test]
    fn parts_of_runs_are_shown_without_their_neighbours() {
        assert_eq!(places("本語", "日本語です").unwrap(), ["本語"]);
        assert_eq!(places("本", "日本語 本").unwrap(), ["本", "本"]);
        assert_eq!(places("語", "日本語").unwrap(), ["語"]);
        assert_eq!(places("日本 本語", "日本語").unwrap(), ["日本語"]);
        assert_eq!(places("เทศ", "ประเทศไทย").unwrap(), ["เทศ"]);
    }

    #[test]
    fn a_text_that_lacks_a_word_is_not_what_was_looked_for() {
        assert_eq!(places("a b ", "a c"), None);
        assert_eq!(places("\"a b\"", "b a"), None);
        assert_eq!(places("a ", ""), None);
        assert_eq!(places("語本", "日本語"), None);
    }

    #[test]
    fn no_text_has_too_many_places() {
        assert_eq!(places("a ", &"a, ".repeat(1_000)).unwrap().len(), 32);
    }
}
