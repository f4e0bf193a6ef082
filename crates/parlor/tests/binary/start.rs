//! Starting, and failing to start.

use crate::process::{Server, parlor, run};
use std::net::TcpListener;
use tempfile::TempDir;

#[test]
fn an_address_that_is_taken_is_named_with_its_setting() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(parlor(folder.path()).env("PARLOR_LISTEN", &address));
    assert_eq!(ended.code, Some(1));
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.contains(&address) && last.contains("listen"), "{last}");
}

#[test]
fn a_store_in_use_ends_with_3_and_names_its_holder() {
    let folder = TempDir::new().unwrap();
    let server = Server::launch(&mut parlor(folder.path()));
    let ended = run(&mut parlor(folder.path()));
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert!(
        last.contains("core.db") && last.contains("in use by"),
        "{last}"
    );
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn the_store_is_free_again_after_the_stop() {
    let folder = TempDir::new().unwrap();
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
    assert_eq!(Server::launch(&mut parlor(folder.path())).stop().0, Some(0));
}

#[test]
fn migrating_says_what_was_done_and_then_that_nothing_is_to_do() {
    let folder = TempDir::new().unwrap();
    let first = run(parlor(folder.path()).arg("migrate"));
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.out.starts_with("core: 2"), "{}", first.out);
    let second = run(parlor(folder.path()).arg("migrate"));
    assert_eq!(second.out, "core: up to date\n");
}

#[test]
fn a_database_that_is_away_is_said_in_one_line_without_its_password() {
    let folder = TempDir::new().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("postgres://parlor:topsecret@{nobody}/parlor");
    let ended = run(parlor(folder.path())
        .env("CORE_DB_URL", &url)
        .env("CORE_DB_START_WAIT_MS", "0"));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("core"), "{}", ended.stderr);
    let last = ended.stderr.lines().last().unwrap();
    assert!(
        last.contains(&format!("cannot connect to {nobody}")),
        "{last}"
    );
    assert!(!ended.stderr.contains("topsecret"), "{}", ended.stderr);
}

#[test]
fn a_command_does_not_wait_for_a_database_that_is_away() {
    let folder = TempDir::new().unwrap();
    let url = "postgres://parlor:topsecret@127.0.0.1:1/parlor";
    for arguments in [
        &["migrate"][..],
        &["new-epoch"],
        &["admin", "grant", "alice"],
    ] {
        let ended = run(parlor(folder.path())
            .env("CORE_DB_URL", url)
            .args(arguments));
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.contains("cannot connect to 127.0.0.1:1"), "{last}");
        assert!(!ended.stderr.contains("topsecret"), "{}", ended.stderr);
    }
}

#[test]
fn an_administrator_is_granted_once_registered() {
    let folder = TempDir::new().unwrap();
    let grant = || run(parlor(folder.path()).args(["admin", "grant", "alice"]));
    let unknown = grant();
    assert_eq!(unknown.code, Some(1), "{}", unknown.stderr);
    assert!(
        unknown.stderr.contains("no account called \"alice\""),
        "{}",
        unknown.stderr
    );
    let server = Server::launch(&mut parlor(folder.path()));
    let account = r#"{"name":"alice","password":"wonderland"}"#;
    assert_eq!(
        server.ask("POST", "/api/v1/register", &[], account).status,
        200
    );
    assert_eq!(
        grant().code,
        Some(3),
        "an embedded store has one user at a time"
    );
    assert_eq!(server.stop().0, Some(0));
    let granted = grant();
    assert_eq!(granted.code, Some(0), "{}", granted.stderr);
    assert!(
        granted.out.contains("alice is a server administrator"),
        "{}",
        granted.out
    );
}

#[test]
fn an_open_server_beyond_this_machine_is_warned_about() {
    let warned = |settings: &[(&str, &str)]| {
        let server = Server::with(settings);
        let (_, log) = server.stop();
        log.iter()
            .any(|line| line.contains("anyone who reaches this address"))
    };
    let everywhere = ("PARLOR_LISTEN", "0.0.0.0:0");
    assert!(warned(&[everywhere]));
    assert!(!warned(&[everywhere, ("PARLOR_GUESTS", "off")]));
    assert!(!warned(&[]));
}

#[test]
fn limits_that_are_off_are_said_to_be() {
    let (_, log) = Server::with(&[("PARLOR_LIMITS", "off")]).stop();
    assert!(
        log.iter().any(|line| line.contains("limits are off")),
        "{log:?}"
    );
}
