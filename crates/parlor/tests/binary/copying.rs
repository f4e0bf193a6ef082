//! `parlor copy` takes the end that has no flag from the settings, which no other user can read.

use crate::process::{Server, parlor, run};
use std::fs;
use tempfile::TempDir;

#[test]
fn the_configured_database_is_the_target_if_only_the_source_is_named() {
    let folder = TempDir::new().unwrap();
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
    let settings = "[databases.core]\nurl = \"sqlite:new/core.db\"\n";
    fs::write(folder.path().join("parlor.toml"), settings).unwrap();
    let copied = run(parlor(folder.path()).args(["copy", "--from", "sqlite:data/core.db"]));
    assert_eq!(copied.code, Some(0), "{}", copied.stderr);
    assert!(
        copied.out.contains("Never run servers on both"),
        "{}",
        copied.out
    );
    assert!(folder.path().join("new/core.db").is_file());
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
}

#[test]
fn a_copy_needs_a_source_or_a_target() {
    let folder = TempDir::new().unwrap();
    let ended = run(parlor(folder.path()).arg("copy"));
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("--to"), "{}", ended.stderr);
}
