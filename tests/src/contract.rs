//! Reads the ops, pushes, error names and close codes in `docs/protocol.md`. The suites are
//! compared with these lists, so that a protocol feature without a test is noticed.

use crate::binary::workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

static CONTRACT: OnceLock<Contract> = OnceLock::new();

/// The vocabulary of the protocol.
#[derive(Debug)]
pub struct Contract {
    /// The first column of the table under "Commands".
    pub ops: BTreeSet<String>,
    /// The names under "Pushes".
    pub pushes: BTreeSet<String>,
    /// Error names and their codes.
    pub errors: BTreeMap<String, u64>,
    /// WebSocket close codes.
    pub closes: BTreeSet<u16>,
}

/// Returns the vocabulary, parsed once.
pub fn contract() -> &'static Contract {
    CONTRACT.get_or_init(|| {
        let path = workspace().join("docs/protocol.md");
        let text = std::fs::read_to_string(&path).expect("docs/protocol.md is there");
        Contract::read(&text)
    })
}

impl Contract {
    fn read(text: &str) -> Self {
        Self {
            ops: ops(section(text, "Commands")),
            pushes: pushes(section(text, "Pushes")),
            errors: errors(section(text, "Errors and limits")),
            closes: closes(section(text, "Life and close codes")),
        }
    }
}

fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let (_, after) = text
        .split_once(&format!("\n## {title}\n"))
        .unwrap_or_else(|| panic!("docs/protocol.md has no section {title}"));
    after.split("\n## ").next().unwrap_or(after)
}

/// Returns the words in back quotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn is_word(word: &str, more: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || more.contains(c))
}

fn ops(section: &str) -> BTreeSet<String> {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split('|').next())
        .flat_map(quoted)
        .filter(|word| is_word(word, "."))
        .map(str::to_owned)
        .collect()
}

/// Reads the first paragraph, which lists the pushes, each followed by its `d` if it has one.
fn pushes(section: &str) -> BTreeSet<String> {
    let list = without_brackets(
        section
            .trim_start()
            .split("\n\n")
            .next()
            .unwrap_or_default(),
    );
    let named = list.split(" · ").flat_map(|part| {
        let before_d = part.split("`{").next().unwrap_or(part);
        quoted(before_d).map(str::to_owned).collect::<Vec<_>>()
    });
    named.filter(|word| is_word(word, "_")).collect()
}

fn errors(section: &str) -> BTreeMap<String, u64> {
    let list = section
        .lines()
        .find(|line| line.starts_with("400 "))
        .expect("the protocol lists the errors by code, from 400 on");
    let list = without_brackets(list);
    let groups = list.split(" · ").flat_map(|group| {
        let code = group
            .trim()
            .split(' ')
            .next()
            .and_then(|code| code.parse().ok());
        let code: u64 = code.unwrap_or_else(|| panic!("a group begins with its code: {group}"));
        quoted(group)
            .map(move |name| (name.to_owned(), code))
            .collect::<Vec<_>>()
    });
    groups.collect()
}

fn closes(section: &str) -> BTreeSet<u16> {
    let words = section.split(|c: char| !c.is_ascii_digit() && c != '–');
    words
        .filter_map(|word| word.parse().ok())
        .filter(|code| (1000..1016).contains(code) || (4000..5000).contains(code))
        .filter(|code| *code != 4000)
        .collect()
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_read_whole() {
        let read = contract();
        assert_eq!(read.ops.len(), 34, "{:?}", read.ops);
        assert_eq!(read.errors.len(), 29, "{:?}", read.errors);
        for push in [
            "entry", "room", "gone", "typing", "presence", "read", "heads", "bye",
        ] {
            assert!(read.pushes.contains(push), "{push} in {:?}", read.pushes);
        }
        for code in [1001, 1012, 4002, 4508] {
            assert!(read.closes.contains(&code), "{code} in {:?}", read.closes);
        }
    }
}
