//! Mistakes of an operator: each is answered in one last line that names the place, the reason and
//! what to do, with the exit code that is documented.

use crate::process::{Ended, Server, parlor, run};
use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A folder that everybody may enter and only its owner may write to.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    set_mode(folder.path(), 0o755);
    folder
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Returns the command without the privileges of root, who may read and write everything.
fn unprivileged(command: &Command) -> Command {
    let mut unprivileged = Command::new("/usr/bin/setpriv");
    if is_root() {
        unprivileged.args(["--inh-caps=-all", "--bounding-set=-all"]);
    }
    unprivileged
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .current_dir(command.get_current_dir().unwrap());
    let set = command.get_envs();
    unprivileged.envs(set.filter_map(|(name, value)| Some((name, value?))));
    unprivileged
}

fn run_unprivileged(command: &Command) -> Ended {
    run(&mut unprivileged(command))
}

/// Fails unless the process ended with this code, and its last line contains all of `words`.
fn ended_with(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.starts_with("parlor: "), "{last}");
    for word in words {
        assert!(last.contains(word), "{word:?} is missing: {last}");
    }
}

#[test]
fn a_directory_that_cannot_be_used_is_named_with_its_setting() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for data in [file.clone(), file.join("below")] {
        let ended = run(parlor(folder.path()).env("PARLOR_DATA_DIR", &data));
        ended_with(
            &ended,
            2,
            &["data_dir", data.to_str().unwrap(), "is a file"],
        );
    }
    let url = format!("sqlite:{}", file.join("core.db").display());
    let ended = run(parlor(folder.path()).env("CORE_DB_URL", url));
    ended_with(
        &ended,
        2,
        &["CORE_DB_URL", file.to_str().unwrap(), "is a file"],
    );
    let nowhere = run(parlor(folder.path()).env("PARLOR_DATA_DIR", "/proc/nowhere"));
    ended_with(&nowhere, 2, &["data_dir", "/proc/nowhere"]);
}

#[test]
fn a_directory_of_somebody_else_is_named_with_both_users() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    set_mode(&data, 0o555);
    let data_dir = data.to_str().unwrap();
    for path in [data.clone(), data.join("below")] {
        let ended = run_unprivileged(parlor(folder.path()).env("PARLOR_DATA_DIR", path));
        ended_with(
            &ended,
            2,
            &[
                "data_dir",
                data_dir,
                "Permission denied",
                "as user",
                "belongs to user",
            ],
        );
    }
    set_mode(&data, 0o755);
}

#[test]
fn a_file_of_somebody_else_is_named() {
    let folder = folder();
    let data = folder.path().join("data");
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
    for name in ["core.db", "core.db.lock", "core.db.mark"] {
        let file = data.join(name);
        set_mode(&file, 0o000);
        let ended = run_unprivileged(&parlor(folder.path()));
        let words = ["data_dir", file.to_str().unwrap(), "Permission denied"];
        ended_with(&ended, 2, &words);
        set_mode(&file, 0o600);
    }
}

#[test]
fn a_file_beside_the_store_that_is_not_its_own_is_left_alone() {
    let folder = folder();
    let data = folder.path().join("data");
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
    let (closed, open) = (data.join("core.db.bak"), data.join("core.db-photos.tar"));
    let kept = data.join("core.db.before-restore-20261201T051016Z");
    for (file, mode) in [(&closed, 0o000), (&open, 0o644), (&kept, 0o644)] {
        fs::write(file, "x").unwrap();
        set_mode(file, mode);
    }
    let mut command = unprivileged(&parlor(folder.path()));
    let (code, log) = Server::launch(&mut command).stop();
    assert_eq!(code, Some(0), "{log:?}");
    let mode = |file: &Path| file.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&closed), mode(&open)), (0o000, 0o644), "{log:?}");
    assert_eq!(mode(&kept), 0o640, "Parlor made that copy");
}

#[test]
fn a_file_that_is_no_store_is_named() {
    let folder = folder();
    let file = folder.path().join("notes.txt");
    fs::write(&file, "x".repeat(5_000)).unwrap();
    let url = format!("sqlite:{}", file.display());
    let ended = run(parlor(folder.path()).env("CORE_DB_URL", url));
    ended_with(
        &ended,
        1,
        &[file.to_str().unwrap(), "not an SQLite database"],
    );
    let url = format!("sqlite:{}", folder.path().display());
    let ended = run(parlor(folder.path()).env("CORE_DB_URL", url));
    ended_with(&ended, 1, &[folder.path().to_str().unwrap(), "directory"]);
}

#[test]
fn a_backup_that_cannot_be_written_or_read_is_named() {
    let folder = folder();
    let server = Server::launch(&mut parlor(folder.path()));
    let below = folder.path().join("nowhere/backup.db");
    let ended = run(parlor(folder.path()).arg("backup").arg(&below));
    let nowhere = below.parent().unwrap().to_str().unwrap();
    ended_with(&ended, 2, &["there is no directory", nowhere, "mkdir"]);
    let backup = folder.path().join("backup.db");
    let ended = run(parlor(folder.path()).arg("backup").arg(&backup));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(server.stop().0, Some(0));
    set_mode(&backup, 0o000);
    let mut command = parlor(folder.path());
    command.env("PARLOR_DATA_DIR", folder.path().join("other"));
    let ended = run_unprivileged(command.arg("restore").arg(&backup));
    ended_with(&ended, 1, &[backup.to_str().unwrap(), "Permission denied"]);
}

#[test]
fn an_address_in_use_names_who_uses_it() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let holder = format!("process {} (", std::process::id());
    for setting in ["PARLOR_LISTEN", "PARLOR_OPERATOR_LISTEN"] {
        let ended = run(parlor(folder.path()).env(setting, &address));
        let key = setting.trim_start_matches("PARLOR_").to_lowercase();
        let key = format!("({key})");
        ended_with(
            &ended,
            1,
            &[&address, &key, "in use", &holder, "another port"],
        );
    }
    let elsewhere = run(parlor(folder.path()).env("PARLOR_LISTEN", "192.0.2.1:8080"));
    ended_with(
        &elsewhere,
        1,
        &["192.0.2.1:8080", "(listen)", "no such address"],
    );
}

#[test]
fn a_file_of_settings_that_cannot_be_read_is_named() {
    let folder = folder();
    let file = folder.path().join("secret.toml");
    fs::write(&file, "guests = true").unwrap();
    set_mode(&file, 0o000);
    let path = file.to_str().unwrap();
    let flag = run_unprivileged(parlor(folder.path()).args(["--config", path, "check-config"]));
    ended_with(&flag, 2, &["--config", path, "Permission denied"]);
    let variable = run_unprivileged(
        parlor(folder.path())
            .env("PARLOR_CONFIG", path)
            .arg("check-config"),
    );
    ended_with(&variable, 2, &["PARLOR_CONFIG", path, "Permission denied"]);
    let directory = run(parlor(folder.path()).args(["--config", "/", "check-config"]));
    ended_with(&directory, 2, &["--config /", "Is a directory"]);
    fs::write(folder.path().join("parlor.toml"), b"guests = \"\xff\"").unwrap();
    let binary = run(parlor(folder.path()).arg("check-config"));
    ended_with(&binary, 2, &["parlor.toml", "UTF-8"]);
}

#[test]
fn a_mistake_in_the_file_has_its_line_its_column_and_its_key() {
    for (text, words) in [
        (
            "\nlisten = 127.0.0.1:80\n",
            &["line 2, column ", "listen"][..],
        ),
        (
            "guests = true\nguests = false\n",
            &["line 2, column 1", "guests", "duplicate"],
        ),
        (
            "[databases.core]\npool_max = 1\n[databases.core]\n",
            &["line 3, column", "duplicate"],
        ),
        ("log = \"info\nguests = true\n", &["line 1, column", "log"]),
        (
            "\n\ndrain_ms = \"soon\"\n",
            &["drain_ms", "line 3, column 1", "\"soon\"", "milliseconds"],
        ),
        (
            "guests = 1.5\n",
            &["guests", "line 1, column 1", "1.5", "on or off"],
        ),
        (
            "  lissten = \"x\"\n",
            &["lissten", "line 1, column 3", "listen"],
        ),
        (
            "[database.core]\nurl = \"sqlite:x\"\n",
            &["database", "line 1", "databases"],
        ),
        (
            "[databases.core]\n\npool_maxx = 1\n",
            &["databases.core.pool_maxx", "line 3", "pool_max"],
        ),
        (
            "[databases.core.pool]\nmax = 1\n",
            &["databases.core.pool", "line 1", "pool_m"],
        ),
    ] {
        let folder = folder();
        fs::write(folder.path().join("parlor.toml"), text).unwrap();
        let ended = run(parlor(folder.path()).arg("check-config"));
        ended_with(&ended, 2, words);
        assert!(ended.stderr.contains("parlor.toml"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn files_are_for_their_owner_alone() {
    let folder = folder();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\"", env!("CARGO_BIN_EXE_parlor")]);
    command
        .env_clear()
        .env("PARLOR_LISTEN", "127.0.0.1:0")
        .env("PARLOR_OPERATOR_LISTEN", "127.0.0.1:0")
        .env("PARLOR_DATA_DIR", folder.path().join("data"))
        .env("DATABASES", "core,analytics");
    let server = Server::launch(&mut command);
    let backup = folder.path().join("backup.db");
    let ended = run(parlor(folder.path()).arg("backup").arg(&backup));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let data = folder.path().join("data");
    let files = |count: usize| {
        let entries = fs::read_dir(&data)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let files: Vec<_> = entries.chain([backup.clone()]).collect();
        assert!(files.len() >= count, "{files:?}");
        for file in files {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
    };
    files(6);
    assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(server.stop().0, Some(0));
    let restored = run(parlor(folder.path()).arg("restore").arg(&backup));
    assert_eq!(restored.code, Some(0), "{}", restored.stderr);
    files(5);
}

#[test]
fn a_store_of_an_earlier_version_loses_everybodys_access_and_keeps_its_groups() {
    let folder = folder();
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
    let store = folder.path().join("data/core.db");
    set_mode(&store, 0o644);
    let (code, log) = Server::launch(&mut parlor(folder.path())).stop();
    assert_eq!(code, Some(0), "{log:?}");
    let mode = store.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
    let told = |line: &String| line.contains("everybody could read a file of the store");
    assert!(log.iter().any(told), "{log:?}");
    let (_, log) = Server::launch(&mut parlor(folder.path())).stop();
    assert!(!log.iter().any(told), "{log:?}");
}
