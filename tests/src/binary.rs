//! Finds the binary under test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

static BINARY: OnceLock<PathBuf> = OnceLock::new();

/// Returns the binary `parlor` of the same target directory and profile as this test, and builds it
/// once if needed; `PARLOR_TESTS_BINARY` names another one.
pub fn parlor() -> &'static Path {
    BINARY.get_or_init(|| match std::env::var_os("PARLOR_TESTS_BINARY") {
        Some(given) => PathBuf::from(given),
        None => build("parlor"),
    })
}

/// Returns a program that is like `parlor` with parts for tests, and builds it once if needed.
pub fn companion(name: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().expect("the lock is not poisoned");
    built.entry(name).or_insert_with(|| build(name)).clone()
}

/// Returns the root of the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the workspace")
}

fn build(program: &str) -> PathBuf {
    let profile = profile_directory();
    let target = profile
        .parent()
        .expect("a profile's directory lies in the target directory");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What cargo tells a test about its package would tell build scripts of another change: ring and all that
    // stands on it would be built anew, here and by the next `cargo test`.
    for (name, _) in std::env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        if told {
            command.env_remove(name);
        }
    }
    command
        .current_dir(workspace())
        .args(["build", "--quiet", "--workspace"])
        .args(["--bin", program, "--target-dir"])
        .arg(target);
    match profile.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => {}
        // As `just dist` builds it.
        Some("dist") if program != "faulty" => {
            command.args(["--profile", "dist", "--features", "parlor/jemalloc"]);
        }
        Some(profile) => {
            command.args(["--profile", profile]);
        }
    }
    let status = command.status().expect("cargo can be run");
    assert!(status.success(), "the binary {program} does not build");
    profile.join(program)
}

/// Returns `target/<profile>`, derived from the path of this test: `target/<profile>/deps/system-…`
/// or `target/<profile>/torture`.
fn profile_directory() -> PathBuf {
    let own = std::env::current_exe().expect("a running program knows its path");
    let mut folder = own.parent().expect("a program lies in a folder");
    if folder.ends_with("deps") {
        folder = folder
            .parent()
            .expect("deps lies in the profile's directory");
    }
    folder.to_owned()
}
