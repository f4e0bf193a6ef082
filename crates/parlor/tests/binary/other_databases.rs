//! The commands that look after a store work on every configured database.

use crate::process::{Ended, Server, parlor, run};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn with_analytics(folder: &Path) -> Command {
    let mut command = parlor(folder);
    command.env("DATABASES", "core,analytics");
    command
}

/// Runs a command on the data of a folder.
fn ended(folder: &Path, arguments: &[&str]) -> Ended {
    run(with_analytics(folder).args(arguments))
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let ended = ended(folder, arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
    ended.out
}

#[test]
fn each_command_takes_the_name_of_a_database() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    done(folder, &["migrate"]);
    let files = ["core", "analytics"].map(|name| folder.join(format!("{name}.backup")));
    for (name, file) in ["core", "analytics"].iter().zip(&files) {
        let file = file.to_str().unwrap();
        done(folder, &["backup", "--database", name, file]);
    }
    let file = files[1].to_str().unwrap();
    let restored = done(folder, &["restore", "--database", "analytics", file]);
    assert!(
        restored.contains("analytics.db.before-restore-"),
        "{restored}"
    );
    assert!(!restored.contains("clients"), "{restored}");
    let renewed = done(folder, &["new-epoch", "--database", "analytics"]);
    assert!(renewed.starts_with("the new epoch is "), "{renewed}");
    assert!(!renewed.contains("clients"), "{renewed}");
    let target = format!("sqlite:{}", folder.join("elsewhere.db").display());
    let copied = done(
        folder,
        &["copy", "--database", "analytics", "--to", &target],
    );
    assert!(copied.contains("ANALYTICS_DB_URL"), "{copied}");

    let crossed = ended(folder, &["restore", "--database", "core", file]);
    assert_eq!(crossed.code, Some(1), "{}", crossed.stderr);
    assert!(
        crossed.stderr.contains("another database"),
        "{}",
        crossed.stderr
    );
    let mut server = with_analytics(folder);
    assert_eq!(Server::launch(&mut server).stop().0, Some(0));
}

#[test]
fn a_name_that_no_database_has_is_a_mistake() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["backup", "--database", "karma", "file"][..],
        &["restore", "--database", "karma", "file"],
        &["new-epoch", "--database", "karma"],
        &["copy", "--database", "karma", "--to", "sqlite:new.db"],
    ] {
        let ended = ended(folder.path(), arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("core or analytics"),
            "{}",
            ended.stderr
        );
    }
}
