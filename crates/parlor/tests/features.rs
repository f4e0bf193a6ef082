//! Each crate is built once: `cargo build`, `cargo test` and the examples' workspaces choose the same features of
//! every crate. Otherwise each of them builds this workspace anew, which is minutes of CI.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The features of each package, by its name, version and path.
type Features = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns what cargo chooses for the workspace in this folder, with these kinds of dependencies.
fn chosen(folder: &Path, edges: &str) -> Features {
    let output = Command::new(env!("CARGO"))
        .current_dir(folder)
        .args(["tree", "--workspace", "--locked", "--offline"])
        .args([
            "--prefix",
            "none",
            "--format",
            "{p} | {f}",
            "--edges",
            edges,
        ])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {errors}");
    let mut features = Features::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let Some((package, list)) = line.split_once(" | ") else {
            continue;
        };
        let list = list.trim_end_matches(" (*)").split(',');
        let of_package = features.entry(package.to_owned()).or_default();
        of_package.extend(list.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    assert!(features.len() > 100, "{}", folder.display());
    features
}

/// Asserts that whatever both have is the same in both.
fn agree(what: &str, one: &Features, tests: &Features) {
    for (package, features) in one {
        let Some(wanted) = tests.get(package) else {
            continue;
        };
        let differing: Vec<_> = features.symmetric_difference(wanted).collect();
        assert!(
            differing.is_empty(),
            "{what} and `cargo test` choose other features of {package}: {differing:?}. Choose the same in \
             Cargo.toml, or in the feature `testing` of parlor"
        );
    }
}

#[test]
fn every_command_and_example_builds_the_same_crates() {
    let tests = chosen(&root(), "normal,build,dev");
    agree("`cargo build`", &chosen(&root(), "normal,build"), &tests);
    for example in ["greeter", "karma", "tour"] {
        let folder = root().join("docs/examples").join(example);
        agree(example, &chosen(&folder, "normal,build,dev"), &tests);
    }
}
