//! Which crate may import which, from the dependency graph and the sources.

#![expect(clippy::unwrap_used, reason = "all of this file is test code")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each member of the workspace may import of the others outside its tests. A new member stands
/// here, too.
const ARROWS: &[(&str, &[&str])] = &[
    ("settings", &[]),
    ("bus", &["settings"]),
    ("storage", &["bus", "fixtures", "settings"]),
    ("sessions", &["bus", "settings", "storage"]),
    ("rooms", &["bus", "sessions", "settings", "storage"]),
    (
        "messaging",
        &["bus", "rooms", "sessions", "settings", "storage"],
    ),
    (
        "gateway",
        &["bus", "messaging", "rooms", "sessions", "settings"],
    ),
    (
        "extension",
        &[
            "bus",
            "messaging",
            "rooms",
            "sessions",
            "settings",
            "storage",
        ],
    ),
    (
        "analytics",
        &[
            "bus",
            "extension",
            "rooms",
            "sessions",
            "settings",
            "storage",
        ],
    ),
    ("web", &["extension"]),
    (
        "search",
        &[
            "bus",
            "extension",
            "messaging",
            "rooms",
            "sessions",
            "storage",
        ],
    ),
    // As one from outside: it imports no more than extensions may.
    ("socketio", &["extension", "settings"]),
    (
        "parlor",
        &[
            "analytics",
            "bus",
            "extension",
            "gateway",
            "messaging",
            "rooms",
            "search",
            "sessions",
            "settings",
            "socketio",
            "storage",
            "web",
        ],
    ),
    // A server with extensions, for tests: a binary of its own, as a team has one.
    ("extended", &["bus", "parlor", "rooms"]),
    ("fixtures", &[]),
    ("followers", &["parlor"]),
    ("loadgen", &[]),
    (
        "pieces",
        &[
            "bus",
            "gateway",
            "messaging",
            "rooms",
            "sessions",
            "storage",
        ],
    ),
    (
        "tests",
        &[
            "bus",
            "fixtures",
            "gateway",
            "messaging",
            "parlor",
            "rooms",
            "sessions",
            "storage",
        ],
    ),
];

/// Libraries that speak with clients.
const WIRE: [&str; 5] = ["http", "hyper", "hyper-util", "tokio-tungstenite", "tower"];

/// Libraries that speak with databases.
const DATABASES: [&str; 4] = ["bb8", "diesel", "diesel-async", "tokio-postgres"];

/// Crates without one or the other.
const WITHOUT: [(&str, &[&str]); 9] = [
    ("bus", &WIRE),
    ("bus", &DATABASES),
    ("bus", &["serde"]),
    ("storage", &WIRE),
    ("sessions", &WIRE),
    ("rooms", &WIRE),
    ("messaging", &WIRE),
    ("gateway", &DATABASES),
    // Its types of requests and responses are those of `http`.
    (
        "extension",
        &["hyper", "hyper-util", "tokio-tungstenite", "tower"],
    ),
];

const DOMAIN: [&str; 3] = ["sessions", "rooms", "messaging"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns what each crate of the workspace imports outside its tests.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    dependencies(|kind| kind != "dev")
}

/// Returns what each crate of the workspace depends on in these ways: `normal`, `dev` or `build`.
fn dependencies(counts: fn(&str) -> bool) -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let imports = packages.iter().map(|package| imports_of(package, counts));
    imports.collect()
}

fn imports_of(package: &Value, counts: fn(&str) -> bool) -> (String, BTreeSet<String>) {
    let name = package["name"].as_str().unwrap().to_owned();
    let dependencies = package["dependencies"].as_array().unwrap();
    let imports = dependencies
        .iter()
        .filter(|dependency| counts(dependency["kind"].as_str().unwrap_or("normal")))
        .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
        .collect();
    (name, imports)
}

#[test]
fn settings_depend_on_nothing() {
    let imports = &imports()["settings"];
    assert!(imports.is_empty(), "settings must never import {imports:?}");
}

#[test]
fn every_arrow_between_the_members_is_meant() {
    let all = imports();
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    assert_eq!(arrows.len(), ARROWS.len(), "a member stands here twice");
    for (name, imports) in &all {
        let Some(may) = arrows.get(name.as_str()) else {
            panic!("{name} is new: say in ARROWS what it may import");
        };
        let members = imports.iter().filter(|other| all.contains_key(*other));
        for other in members {
            assert!(
                may.contains(&other.as_str()),
                "{name} must never import {other}"
            );
        }
    }
    for name in arrows.keys() {
        assert!(all.contains_key(*name), "{name} is no member any more");
    }
}

#[test]
fn the_domain_knows_no_wire_and_the_gateway_no_database() {
    let all = imports();
    for (name, never) in WITHOUT {
        let found: Vec<_> = never
            .iter()
            .filter(|other| all[name].contains(**other))
            .collect();
        assert!(found.is_empty(), "{name} must never import {found:?}");
    }
}

/// Returns the lines of a crate's sources that are not comments, with their files.
fn lines(name: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("crates").join(name).join("src")];
    let mut lines = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                lines.extend(code.map(|line| (path.clone(), line.to_owned())));
            }
        }
    }
    lines
}

/// Returns what follows `neighbour::` where it begins a path.
fn reached<'l>(line: &'l str, neighbour: &str) -> Vec<&'l str> {
    let path = format!("{neighbour}::");
    line.match_indices(&path)
        .filter(|(at, _)| {
            let before = line[..*at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
        .map(|(at, _)| &line[at + path.len()..])
        .collect()
}

#[test]
fn a_neighbour_is_imported_for_its_api_alone() {
    for name in ["rooms", "messaging", "gateway", "analytics", "search"] {
        for neighbour in DOMAIN.iter().filter(|neighbour| **neighbour != name) {
            for (path, line) in lines(name) {
                // The tests of a crate may assemble a neighbour; and a crate may have a module of
                // the same name, which it reaches by `super` or `crate`.
                if path.components().any(|part| part.as_os_str() == "tests") || is_own(&line) {
                    continue;
                }
                for rest in reached(&line, neighbour) {
                    let place = path.display();
                    assert!(
                        rest.starts_with("api"),
                        "{place} reaches into {neighbour}: {line}"
                    );
                }
            }
        }
    }
}

fn is_own(line: &str) -> bool {
    let start = line.trim_start();
    start.starts_with("use super::") || start.starts_with("use crate::")
}

#[test]
fn only_the_binary_reads_the_environment() {
    for name in [
        "settings",
        "bus",
        "storage",
        "sessions",
        "rooms",
        "messaging",
        "gateway",
        "analytics",
        "search",
    ] {
        for (path, line) in lines(name) {
            // Test kits may read the environment; the binary is built without them.
            let may = path.components().any(|part| part.as_os_str() == "kit");
            let reads = line.contains("env::var") || line.contains("env::args");
            assert!(
                may || !reads,
                "{} reads the environment: {line}",
                path.display()
            );
        }
    }
}

/// The calls that open a database connection.
const OPENERS: [&str; 6] = [
    "::establish(",
    "SqliteConnection",
    "AsyncPgConnection",
    "tokio_postgres",
    "bb8::",
    "AsyncDieselConnectionManager",
];

/// The crates that can open one. `query!` needs none of them by name, and diesel opens connections
/// by a method that clippy.toml forbids.
const DRIVERS: [&str; 11] = [
    "bb8",
    "deadpool",
    "diesel-async",
    "libsqlite3-sys",
    "postgres",
    "r2d2",
    "rusqlite",
    "sqlx",
    "tokio-postgres",
    "tokio-postgres-rustls",
    "tokio-rusqlite",
];

/// Only storage's pools may open connections: a crate that opened its own would have as many as it
/// has callers, uncounted. The tests of the whole system look at databases beside the server, and the
/// load generator compares the server with SQLite alone.
#[test]
fn nobody_opens_a_connection_beside_the_pool() {
    for (name, imports) in dependencies(|_| true) {
        let opens = DRIVERS.iter().filter(|driver| imports.contains(**driver));
        let opens: Vec<_> = opens.collect();
        let may = match name.as_str() {
            "storage" => true,
            "tests" => opens == [&"diesel-async"],
            "loadgen" => opens == [&"libsqlite3-sys"],
            _ => opens.is_empty(),
        };
        assert!(may, "{name} must never import {opens:?}");
    }
    let folders = std::fs::read_dir(root().join("crates")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|name| !["storage", "loadgen"].contains(&name.as_str())) {
        for (path, line) in lines(&name) {
            let opens = OPENERS.iter().find(|opener| line.contains(**opener));
            assert!(opens.is_none(), "{} opens one: {line}", path.display());
        }
    }
}

/// A connection that is opened past `backend::postgres` would not be encrypted.
#[test]
fn postgresql_is_reached_in_one_place() {
    for (path, line) in lines("storage") {
        let may = path.to_string_lossy().contains("backend/postgres");
        let connects = ["AsyncPgConnection::establish", "tokio_postgres", "NoTls"];
        let connects = connects.iter().any(|way| line.contains(way));
        assert!(may || !connects, "{} connects: {line}", path.display());
    }
}

#[test]
fn every_dependency_has_its_line_in_the_docs() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let table = manifest["workspace"]["dependencies"].as_table().unwrap();
    let used: BTreeSet<&str> = table
        .iter()
        .filter(|(_, dependency)| dependency.get("path").is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    let page = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let documented: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(|name| *name != "crate" && *name != "---")
        .collect();
    assert_eq!(
        documented, used,
        "docs/dependencies.md and the workspace's table differ"
    );
}
