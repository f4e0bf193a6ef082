//! Cuts a text into terms, alike for texts that are indexed and for those that are looked for.
//!
//! Words are runs of letters and digits. Scripts without spaces have no such words: of a run of theirs, each
//! two neighbouring characters are a term, and then the last one alone. So any part of a run is found, by
//! consecutive terms, or by the beginning of one if it is a single character.

use crate::character::Class;
use crate::fold::fold;
use std::ops::Range;

/// The most terms of one text; a message has at most 4,000 characters.
const TERMS_MAX: usize = 8_000;

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TermKind {
    /// A word or a symbol.
    Word,
    /// Two neighbouring characters of a run.
    Pair,
    /// The last character of a run.
    Tail {
        /// Whether it is the only one.
        alone: bool,
    },
}

/// A term of a text, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// As it is compared.
    pub(crate) text: String,
    pub(crate) kind: TermKind,
    /// Its bytes in the text.
    pub(crate) range: Range<usize>,
    /// Where its first character ends, if it is of a run; else where it ends.
    pub(crate) first_end: usize,
}

/// Returns the terms of a text, in order.
pub(crate) fn terms(text: &str) -> Vec<Term> {
    let mut cutter = Cutter {
        text,
        terms: Vec::new(),
        word: 0..0,
        run: Vec::new(),
    };
    for (at, c) in text.char_indices() {
        cutter.take(at..at + c.len_utf8(), Class::of(c));
        if cutter.terms.len() >= TERMS_MAX {
            break;
        }
    }
    cutter.end_all();
    cutter.terms
}

struct Cutter<'t> {
    text: &'t str,
    terms: Vec<Term>,
    /// The word that goes on, if it is not empty.
    word: Range<usize>,
    /// The characters of the run that goes on, each with its marks.
    run: Vec<Range<usize>>,
}

impl Cutter<'_> {
    fn take(&mut self, at: Range<usize>, class: Class) {
        match class {
            Class::Letter => {
                self.end_run();
                if self.word.is_empty() {
                    self.word = at;
                } else {
                    self.word.end = at.end;
                }
            }
            Class::Unspaced => {
                self.end_word();
                self.run.push(at);
            }
            Class::Mark => {
                if let Some(last) = self.run.last_mut() {
                    last.end = at.end;
                } else if !self.word.is_empty() {
                    self.word.end = at.end;
                }
            }
            Class::Symbol => {
                self.end_all();
                self.push(at.clone(), at.end, TermKind::Word);
            }
            Class::Separator => self.end_all(),
        }
    }

    fn end_all(&mut self) {
        self.end_word();
        self.end_run();
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            let end = word.end;
            self.push(word, end, TermKind::Word);
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        for pair in run.windows(2) {
            self.push(pair[0].start..pair[1].end, pair[0].end, TermKind::Pair);
        }
        if let Some(last) = run.last() {
            let alone = run.len() == 1;
            self.push(last.clone(), last.end, TermKind::Tail { alone });
        }
    }

    fn push(&mut self, range: Range<usize>, first_end: usize, kind: TermKind) {
        let text = fold(&self.text[range.clone()]);
        if !text.is_empty() {
            self.terms.push(Term {
                text,
                kind,
                range,
                first_end,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::terms;

    fn cut(text: &str) -> Vec<String> {
        terms(text).into_iter().map(|term| term.text).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(
            cut("Don't panic: v2.0 of foo_bar@example.com!"),
            [
                "don", "t", "panic", "v2", "0", "of", "foo", "bar", "example", "com"
            ]
        );
        assert_eq!(cut("नमस्ते दुनिया"), ["नमस्ते", "दुनिया"]);
        assert_eq!(cut("می\u{200c}خواهم"), ["میخواهم"]);
        assert_eq!(cut("ship 🎉🎉 ☂\u{fe0f}"), ["ship", "🎉", "🎉", "☂"]);
    }

    #[test]
    fn runs_without_spaces_are_cut_into_pairs() {
        assert_eq!(cut("日本語"), ["日本", "本語", "語"]);
        assert_eq!(cut("iPhone手机"), ["iphone", "手机", "机"]);
        assert_eq!(cut("ประเทศ").len(), 6);
        assert_eq!(cut("語"), ["語"]);
        assert_eq!(cut("안녕 하"), ["안녕", "녕", "하"]);
    }

    #[test]
    fn what_has_no_words_has_no_terms() {
        for text in [
            "",
            "…?!",
            "\0\0",
            "\u{301}\u{301}",
            " \u{202e} ",
            "\"*()^-:",
        ] {
            assert_eq!(cut(text), Vec::<String>::new(), "{text:?}");
        }
    }

    #[test]
    fn a_term_knows_where_it_is() {
        let text = "äö, 日本";
        let found: Vec<&str> = terms(text)
            .iter()
            .map(|term| &text[term.range.clone()])
            .collect();
        assert_eq!(found, ["äö", "日本", "本"]);
    }

    #[test]
    fn no_text_has_too_many_terms() {
        assert_eq!(terms(&"a ".repeat(20_000)).len(), 8_000);
    }
}
