//! Sends every WebSocket message back, through the listener, handshake, reader, queue and closing of
//! the server, so that a conformance suite such as Autobahn can be pointed at them:
//!
//! ```sh
//! cargo run -p gateway --example echo -- 127.0.0.1:9001
//! wstest -m fuzzingclient -s spec.json   # "url": "ws://127.0.0.1:9001/ws"
//! ```

mod server;

use clap::Parser;
use std::net::SocketAddr;
use std::time::Duration;

#[derive(Parser)]
struct Arguments {
    /// Where to listen
    address: SocketAddr,
    /// The largest message, in bytes
    #[arg(long, default_value_t = 32 << 20)]
    message_bytes: usize,
    /// Silence after which a client is pinged, in milliseconds
    #[arg(long, default_value_t = 3_600_000)]
    ping_ms: u64,
    /// Time for any bytes from the client after a ping, in milliseconds
    #[arg(long, default_value_t = 10_000)]
    pong_ms: u64,
}

#[tokio::main]
async fn main() -> Result<(), gateway::BindError> {
    let arguments = Arguments::parse();
    let limits = server::Limits {
        message_bytes: arguments.message_bytes,
        ping_every: Duration::from_millis(arguments.ping_ms),
        pong_within: Duration::from_millis(arguments.pong_ms),
    };
    let server = server::start(arguments.address, limits)?;
    println!("echoing at ws://{}/ws", server.address);
    std::future::pending().await
}
