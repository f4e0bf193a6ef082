//! Stopping: commands in flight are finished, and every client is notified.

use crate::process::{Answer, Server, connect};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

#[test]
fn a_signal_stops_it_with_0_and_the_log_says_how() {
    for signal in ["TERM", "INT"] {
        let server = Server::with(&[]);
        server.signal(signal);
        let (code, log) = server.ended();
        assert_eq!(code, Some(0), "{log:?}");
        let last: Value = serde_json::from_str(log.last().unwrap()).unwrap();
        assert_eq!(last["message"], "stopped", "{log:?}");
        assert!(last["took_ms"].is_u64(), "{log:?}");
    }
}

#[test]
fn a_request_under_way_is_answered_and_its_connection_closed() {
    let mut server = Server::with(&[]);
    let mut stream = server.connect();
    // Half a request: the server is reading it when the signal arrives.
    stream
        .write_all(b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{")
        .unwrap();
    // The second connection has been answered, so the first has been accepted.
    assert_eq!(server.get("/health").status, 200);
    server.signal("TERM");
    server.logged("stopping");
    stream.write_all(b"}").unwrap();
    let answer = Answer::read(&mut stream);
    assert!([400, 503].contains(&answer.status), "{}", answer.head);
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn requests_that_take_their_time_are_answered_before_the_end() {
    let mut server = Server::with(&[("PARLOR_HASHES_AT_ONCE", "1")]);
    let mut logins = Vec::new();
    // One password is hashed after another, which takes a while; the name does not exist.
    for _ in 0..6 {
        let mut stream = server.connect();
        stream
            .write_all(
                b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 41\r\n\r\n\
                  {\"name\":\"nobody\",\"password\":\"wonderland\"}",
            )
            .unwrap();
        logins.push(stream);
    }
    // The answered request came after them.
    assert_eq!(server.get("/health").status, 200);
    server.signal("TERM");
    server.logged("stopping");
    for mut login in logins {
        let answer = Answer::read(&mut login);
        assert!([401, 429, 503].contains(&answer.status), "{}", answer.head);
    }
    assert_eq!(server.ended().0, Some(0));
}

#[test]
fn a_second_signal_stops_it_at_once_with_1() {
    let mut server = Server::with(&[]);
    // A socket that does not answer the close frame delays the stop for a while.
    let mut socket = server.connect();
    socket
        .write_all(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
              sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
    let mut head = [0; 12];
    socket.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    server.signal("TERM");
    server.logged("stopping");
    server.signal("TERM");
    let (code, log) = server.ended();
    assert_eq!(code, Some(1), "{log:?}");
    // A stage of the stop may still be logged.
    let at_once = |line: &String| line.contains("a second signal: stopping at once");
    assert!(log.iter().any(at_once), "{log:?}");
}

#[test]
fn nobody_can_connect_to_a_server_that_has_stopped() {
    let server = Server::with(&[]);
    let address = server.address;
    drop(connect(address));
    assert_eq!(server.stop().0, Some(0));
    assert!(TcpStream::connect(address).is_err());
}
