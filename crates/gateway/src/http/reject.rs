//! Rejects a connection with one canned response.

use crate::metrics::RejectReason;
use crate::wire::{DRAINING, Error, OVERLOADED, RATE_LIMITED};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Time limit for the whole exchange. Unread bytes are read first, since closing with them would reset
/// the connection and lose the response.
const LINGER: Duration = Duration::from_millis(500);
/// Most bytes read of a rejected client: more than a request head.
const READ_MAX: u64 = 64 << 10;

const SERVER_FULL: &str = "The server has no room for more people. Please try again in a moment.";
const NETWORK_FULL: &str =
    "Too many connections are open from your address. Please close some, or try again in a moment.";

fn response(reason: RejectReason) -> String {
    let (status, error) = match reason {
        RejectReason::Draining => ("503 Service Unavailable", Error::new(&DRAINING)),
        RejectReason::Full => (
            "503 Service Unavailable",
            Error::new(&OVERLOADED).saying(SERVER_FULL),
        ),
        RejectReason::NetworkFull => (
            "429 Too Many Requests",
            Error::new(&RATE_LIMITED).saying(NETWORK_FULL),
        ),
    };
    let error = serde_json::to_string(&error).expect("our own shapes are JSON");
    let body = format!("{{\"err\":{error}}}");
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
             access-control-allow-origin: *\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends the response and closes, within [`LINGER`].
pub(super) async fn respond(mut stream: TcpStream, reason: RejectReason) {
    let exchange = async {
        stream.write_all(response(reason).as_bytes()).await?;
        stream.shutdown().await?;
        let mut buffer = [0; 512];
        let mut input = (&mut stream).take(READ_MAX);
        while input.read(&mut buffer).await? > 0 {}
        if input.limit() == 0 {
            // The client goes on writing: it may read the response until the time is over.
            std::future::pending::<()>().await;
        }
        std::io::Result::Ok(())
    };
    // Fails only if the client is gone or too slow.
    let _ = tokio::time::timeout(LINGER, exchange).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_reason_arrives_although_the_request_was_never_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        client
            .write_all(b"GET /ws HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut response = String::new();
        let ((), read) = tokio::join!(respond(stream, RejectReason::Draining), async {
            let read = client.read_to_string(&mut response).await;
            drop(client);
            read
        });
        read.unwrap();
        assert!(response.starts_with("HTTP/1.1 503 "), "{response}");
        assert!(response.contains("\"name\":\"draining\""), "{response}");
    }
}
