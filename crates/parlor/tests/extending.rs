//! What `docs/extending.md` shows is what the examples have, and what teams copy is what this
//! workspace has. `scripts/run-steps` follows the page's steps.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/extending.md";
const EXAMPLES: [&str; 3] = ["greeter", "karma", "tour"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    let file = root().join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A block of code in the page.
struct Block<'p> {
    /// What follows the backticks, such as `rust file=src/lib.rs`.
    info: &'p str,
    code: &'p str,
    /// The text before it.
    before: &'p str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let parts: Vec<&str> = page.split("```").collect();
    assert!(parts.len() % 2 == 1, "{PAGE} has a block without an end");
    let blocks = parts.chunks_exact(2).map(|pair| {
        let (info, code) = pair[1].split_once('\n').unwrap();
        Block {
            info,
            code,
            before: pair[0],
        }
    });
    blocks.collect()
}

/// Returns the file that the text before a block links to last.
fn linked(before: &str) -> Option<&str> {
    let (_, link) = before.rsplit_once("](examples/")?;
    Some(link.split_once(')')?.0)
}

#[test]
fn every_piece_of_code_is_in_the_example_that_it_names() {
    let page = read(PAGE);
    let mut found = 0;
    for block in blocks(&page) {
        let file = match block.info.split_once(" file=") {
            Some((_, file)) => format!("docs/examples/karma/{file}"),
            None if block.info == "sh" => continue,
            None => {
                let linked = linked(block.before);
                let linked = linked.unwrap_or_else(|| panic!("whose is this?\n{}", block.code));
                format!("docs/examples/{linked}")
            }
        };
        let source = read(&file);
        let is_whole = block.info.contains(" file=");
        let is_there = if is_whole {
            source == block.code
        } else {
            source.contains(block.code)
        };
        assert!(is_there, "{file} does not have this:\n{}", block.code);
        found += 1;
    }
    assert!(found > 10, "the page shows code: {found}");
}

#[test]
fn what_teams_copy_is_what_this_workspace_has() {
    let config = read(".cargo/config.toml");
    let template = "templates/extension".to_owned();
    let examples = EXAMPLES.map(|example| format!("docs/examples/{example}"));
    for folder in examples.iter().chain([&template]) {
        assert_eq!(read(&format!("{folder}/.cargo/config.toml")), config);
        // With other profiles, nothing that is built here could be used there.
        let manifest = read(&format!("{folder}/Cargo.toml"));
        assert!(
            manifest.ends_with(profiles(&read("Cargo.toml"))),
            "{folder}"
        );
    }
    let own = packages(&read("Cargo.lock"));
    for folder in examples {
        let name = folder.rsplit('/').next().unwrap().to_owned();
        let locked = packages(&read(&format!("{folder}/Cargo.lock")));
        let others: Vec<_> = locked.difference(&own).collect();
        assert!(
            others.len() == 1 && others[0].starts_with(&name),
            "{folder} has other versions, run scripts/extensions lock: {others:?}"
        );
    }
}

/// Returns the end of this workspace's manifest, which has its profiles.
fn profiles(manifest: &str) -> &str {
    &manifest[manifest.find("[profile.dev]").unwrap()..]
}

/// Returns the packages of a lock file, with their versions.
fn packages(lock: &str) -> BTreeSet<String> {
    let packages = lock.split("[[package]]").skip(1).map(|package| {
        let mut lines = package.lines().skip(1);
        let mut field = || lines.next().unwrap().split('"').nth(1).unwrap();
        format!("{} {}", field(), field())
    });
    packages.collect()
}

#[test]
fn karma_has_at_most_eighty_lines_of_code() {
    let lines: usize = ["lib", "main"]
        .map(|file| read(&format!("docs/examples/karma/src/{file}.rs")))
        .iter()
        .map(|source| source.lines().filter(|line| is_code(line.trim())).count())
        .sum();
    assert!((40..=80).contains(&lines), "{lines} lines");
}

fn is_code(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("//")
}
