//! What a person looks for.

use crate::terms::{Term, TermKind, terms};

/// The maximum length of a query, in characters.
const QUERY_MAX: usize = 256;

/// The most words and phrases, and the most terms of all of them.
const CLAUSES_MAX: usize = 16;
const TERMS_MAX: usize = 64;

/// The shortest beginning that stands for all words with it, in characters.
const BEGINNING_MIN: usize = 3;

/// Words and phrases. A message is found if it has every one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) clauses: Vec<Clause>,
}

/// Terms that must follow one another: those of a phrase, or of what is written as one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// At least one.
    pub(crate) terms: Vec<String>,
    /// Whether the last term is the beginning of one.
    pub(crate) is_open: bool,
}

impl Query {
    /// Reads a query, or says what is wrong with the text. Its last word stands for all that begin with it,
    /// unless something follows.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.chars().nth(QUERY_MAX).is_some() {
            return Err("is longer than 256 characters");
        }
        let parts: Vec<(&str, bool)> = parts(text).collect();
        let mut clauses = Vec::new();
        for (at, (part, is_phrase)) in parts.iter().enumerate() {
            let is_last = at + 1 == parts.len();
            let ends_text = is_last && !is_phrase && text.ends_with(part);
            clauses.extend(Clause::of(&terms(part), ends_text));
        }
        if clauses.is_empty() {
            return Err("has no letter, digit or symbol to look for");
        }
        let terms: usize = clauses.iter().map(|clause| clause.terms.len()).sum();
        if clauses.len() > CLAUSES_MAX || terms > TERMS_MAX {
            return Err("has too many words");
        }
        Ok(Self { clauses })
    }
}

impl Clause {
    fn of(terms: &[Term], may_be_open: bool) -> Option<Self> {
        let (last, rest) = terms.split_last()?;
        // The end of a run is a term of its own only where the run ends, and this one may go on.
        let terms = match last.kind {
            TermKind::Tail { alone: false } => rest,
            _ => terms,
        };
        let is_open = match last.kind {
            TermKind::Word => may_be_open && last.text.chars().count() >= BEGINNING_MIN,
            TermKind::Tail { alone } => alone,
            TermKind::Pair => false,
        };
        Some(Self {
            terms: terms.iter().map(|term| term.text.clone()).collect(),
            is_open,
        })
    }
}

/// Splits a text into words at spaces, and phrases in quotation marks; `true` marks a phrase. A phrase that
/// is not closed goes on to the end.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let sections = text.split(['"', '“', '”', '„']).enumerate();
    sections.flat_map(|(at, section)| {
        let is_phrase = at % 2 == 1;
        let words = section.split_whitespace().filter(move |_| !is_phrase);
        let phrase = is_phrase.then_some(section);
        words
            .map(|word| (word, false))
            .chain(phrase.map(|phrase| (phrase, true)))
    })
}

#[cfg(test)]
mod tests {
    use super::Query;

    /// Shows a query as its clauses, with `*` behind those that are open.
    fn parsed(text: &str) -> String {
        let query = Query::parse(text).unwrap();
        let clauses = query.clauses.iter().map(|clause| {
            format!(
                "{}{}",
                clause.terms.join("+"),
                if clause.is_open { "*" } else { "" }
            )
        });
        clauses.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_and_phrases_are_clauses_and_the_last_word_is_open() {
        assert_eq!(parsed("Hello wor"), "hello wor*");
        assert_eq!(parsed("hello wor "), "hello wor");
        assert_eq!(parsed("hello wo"), "hello wo");
        assert_eq!(parsed("\"good morning\" all"), "good+morning all*");
        assert_eq!(parsed("say “good morn"), "say good+morn");
        assert_eq!(parsed("can't example.com"), "can+t example+com*");
        assert_eq!(parsed("a\"b c\"d"), "a b+c d");
    }

    #[test]
    fn parts_of_runs_are_found_wherever_they_are() {
        assert_eq!(parsed("日本語"), "日本+本語");
        assert_eq!(parsed("語"), "語*");
        assert_eq!(parsed("\"日本語 です\""), "日本+本語+語+です");
        assert_eq!(parsed("手机iphone "), "手机+机+iphone");
    }

    #[test]
    fn operators_of_databases_are_no_operators() {
        assert_eq!(parsed("a AND b OR NOT c"), "a and b or not c");
        assert_eq!(parsed("col:x* ^y -z NEAR(a b)"), "col+x y z near+a b");
        assert_eq!(parsed("'; DROP TABLE words --"), "drop table words");
        assert_eq!(parsed("a\0b\\"), "a+b");
        assert_eq!(parsed("_r1 <-> !x & y"), "r1 x y");
        assert_eq!(parsed("\u{202e}שלום"), "שלום*");
        assert_eq!(parsed("👍🏽"), "👍");
    }

    #[test]
    fn a_query_without_words_or_with_too_many_is_refused() {
        for text in ["", " ", "?!…", "\"\"", "\"", "\0", "***", "_"] {
            let wrong = Query::parse(text).unwrap_err();
            assert_eq!(
                wrong, "has no letter, digit or symbol to look for",
                "{text}"
            );
        }
        let wrong = |text: &str| Query::parse(text).unwrap_err();
        assert_eq!(wrong(&"x".repeat(16_384)), "is longer than 256 characters");
        assert_eq!(wrong(&"ab ".repeat(17)), "has too many words");
        assert_eq!(wrong(&"語".repeat(100)), "has too many words");
    }
}
