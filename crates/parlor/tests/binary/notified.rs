//! The notifications to the service manager.

use crate::process::{LONG, Server, parlor};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use tempfile::TempDir;

const INTERVAL: Duration = Duration::from_millis(300);

fn start(folder: &TempDir, socket: &str) -> Server {
    let mut command = parlor(folder.path());
    command.env("NOTIFY_SOCKET", socket);
    command.env("WATCHDOG_USEC", INTERVAL.as_micros().to_string());
    Server::launch(&mut command)
}

/// Returns the next notification other than a watchdog one.
fn notification(manager: &UnixDatagram) -> String {
    loop {
        let word = word(manager).expect("a notification in time");
        if word != "WATCHDOG=1" {
            return word;
        }
    }
}

fn word(manager: &UnixDatagram) -> Option<String> {
    let mut bytes = [0; 512];
    let length = manager.recv(&mut bytes).ok()?;
    Some(String::from_utf8(bytes[..length].to_vec()).unwrap())
}

#[test]
fn it_says_when_it_is_ready_alive_and_stopping() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("manager");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(LONG)).unwrap();
    let server = start(&folder, path.to_str().unwrap());
    let ready = format!("READY=1\nSTATUS=serving on {}", server.address);
    assert_eq!(word(&manager), Some(ready));
    for _ in 0..3 {
        assert_eq!(word(&manager).as_deref(), Some("WATCHDOG=1"));
    }
    server.signal("TERM");
    assert_eq!(notification(&manager), "STOPPING=1\nSTATUS=stopping");
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn a_process_that_stands_still_does_not_say_that_it_is_alive() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("manager");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(LONG)).unwrap();
    let server = start(&folder, path.to_str().unwrap());
    notification(&manager);
    assert_eq!(word(&manager).as_deref(), Some("WATCHDOG=1"));
    server.signal("STOP");
    manager.set_read_timeout(Some(INTERVAL * 2)).unwrap();
    // A notification from before the signal may still be queued.
    while word(&manager).is_some() {}
    server.signal("CONT");
    manager.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(word(&manager).as_deref(), Some("WATCHDOG=1"));
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_manager_may_listen_in_the_abstract_space() {
    let folder = TempDir::new().unwrap();
    let name = format!("parlor-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let manager = UnixDatagram::bind_addr(&address).unwrap();
    manager.set_read_timeout(Some(LONG)).unwrap();
    let server = start(&folder, &format!("@{name}"));
    assert!(notification(&manager).starts_with("READY=1"));
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn a_manager_that_is_not_there_keeps_nobody_from_serving() {
    let folder = TempDir::new().unwrap();
    let mut server = start(&folder, "/nowhere/at/all");
    server.logged("does not listen");
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.stop().0, Some(0));
}
