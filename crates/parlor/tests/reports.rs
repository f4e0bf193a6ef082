//! Every test that `docs/reports.md` names exists.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the text in back quotes in the last column of a table row.
fn proofs(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let rows = rows.filter(|line| !line.starts_with("| ---") && !line.starts_with("| the report"));
    rows.map(|row| {
        let proof = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let quoted = proof.trim().strip_prefix('`').unwrap_or_default();
        quoted
            .strip_suffix('`')
            .unwrap_or_else(|| panic!("no test is named in {row}"))
    })
    .collect()
}

/// Returns whether a test of this name is declared there: a plain one, one of `on_both!`, or a case
/// of a macro that generates tests.
fn is_there(proof: &str) -> bool {
    let Some((file, name)) = proof.split_once("::") else {
        return false;
    };
    let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
    text.contains(&format!("fn {name}("))
}

#[test]
fn every_problem_and_recommendation_has_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("docs/reports.md")).unwrap();
    let proofs = proofs(&page);
    assert!(proofs.len() > 100, "{}", proofs.len());
    let missing: Vec<_> = proofs.iter().filter(|proof| !is_there(proof)).collect();
    assert!(missing.is_empty(), "these tests do not exist: {missing:#?}");
}

#[test]
fn the_page_goes_through_all_five() {
    let page = std::fs::read_to_string(root().join("docs/reports.md")).unwrap();
    for number in 1..=5 {
        assert!(
            page.contains(&format!("\n## Report {number}: ")),
            "{number}"
        );
    }
}

#[test]
fn a_proof_that_is_not_there_is_noticed() {
    let row = "| a | b | `crates/parlor/tests/reports.rs::no_such_test` |";
    assert_eq!(proofs(row).len(), 1);
    assert!(!is_there(proofs(row)[0]));
    assert!(is_there(
        "crates/parlor/tests/reports.rs::a_proof_that_is_not_there_is_noticed"
    ));
}
