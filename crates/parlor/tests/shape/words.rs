//! Docs say what a reader cannot see, in sentences; the words of our own are few and explained.

use super::{crates, root};

/// Words with a meaning of our own that `docs/ARCHITECTURE.md` may ask a reader to learn.
const GLOSSARY_LINES: usize = 25;

#[test]
fn no_doc_comment_has_one_or_two_words() {
    let (mut short, mut all) = (Vec::new(), 0);
    for krate in crates() {
        let src = root().join("crates").join(&krate.name).join("src");
        let mut files: Vec<_> = krate.modules.values().map(|module| &module.file).collect();
        files.sort();
        files.dedup();
        for file in files {
            let text = std::fs::read_to_string(src.join(file)).unwrap();
            for doc in docs(&text) {
                all += 1;
                if doc.split_whitespace().count() <= 2 {
                    short.push(format!("{}/{}: {doc}", krate.name, file.display()));
                }
            }
        }
    }
    println!("docs of one or two words: {} of {all}", short.len());
    assert!(short.is_empty(), "{short:#?}");
}

/// The texts of all `///` comments.
fn docs(text: &str) -> Vec<String> {
    let mut docs: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        let doc = line.trim_start().strip_prefix("///");
        match (doc, docs.last_mut()) {
            (Some(line), Some(doc)) if is_open => doc.push_str(line),
            (Some(line), _) => docs.push(line.to_owned()),
            (None, _) => {}
        }
        is_open = doc.is_some();
    }
    docs
}

#[test]
fn the_glossary_is_short_and_its_words_are_in_use() {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let (_, glossary) = text.split_once("\n## Glossary\n").expect("a glossary");
    let glossary = glossary.split("\n## ").next().unwrap();
    let lines: Vec<&str> = glossary.lines().filter(|line| !line.is_empty()).collect();
    assert!(lines.len() <= GLOSSARY_LINES, "{} lines", lines.len());
    let words = lines.iter().filter_map(|line| line.strip_prefix("| **"));
    let words: Vec<&str> = words.filter_map(|line| line.split("**").next()).collect();
    assert!(words.len() > 5, "words stand in bold: {words:?}");
    let sources = all_sources();
    for word in words {
        assert!(sources.contains(word), "nothing is called {word}");
    }
}

fn all_sources() -> String {
    let mut all = String::new();
    for krate in crates() {
        let src = root().join("crates").join(&krate.name).join("src");
        for module in krate.modules.values() {
            all.push_str(&std::fs::read_to_string(src.join(&module.file)).unwrap());
        }
    }
    all.to_lowercase()
}
