//! The settings of the gateway's listeners.

mod limit_rows;
mod rows;

use crate::{AllowedOrigin, Limits};
use ipnet::IpNet;
use std::time::Duration;

/// What the listeners accept and how long they wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Origins, besides the server's own, whose pages may connect and use the API
    /// (`https://chat.example.org`). Default none. Too few: pages get 403. Too many: a foreign page can act
    /// for anyone who pastes a token into it.
    pub allowed_origins: Vec<AllowedOrigin>,
    /// Host names of the server (`chat.example.org`). If there are any, requests for other names get 421;
    /// addresses and `localhost` are always accepted. Default none: every name is accepted, since the
    /// server cannot know the name of a proxy in front of it. Too few: people who use a missing name get
    /// 421. Too many: the owner of a name can attack visitors by DNS rebinding.
    pub public_names: Vec<String>,
    /// Host names, besides `localhost`, of the operator's listener. Default none. Too few and too many: as
    /// with `public_names`.
    pub operator_names: Vec<String>,
    /// Networks of proxies whose `X-Forwarded-For` is believed. Default none. Too few: all users behind a
    /// proxy share one address and its limits. Too many: clients can forge their address.
    pub trusted_proxies: Vec<IpNet>,
    /// Most open connections. Default 15,000. Too low: people get 503. Too high: the process runs out of
    /// file descriptors and accepts in bursts.
    pub connections_max: usize,
    /// Most open connections of one address (IPv6: of one /64) that are not sockets, and running requests
    /// that a trusted proxy forwards for it. Default 64. Too low: pages load slowly in an office behind
    /// one address. Too high: one machine can take all connections.
    pub http_per_address: usize,
    /// Time for a complete request head, in addition to what its bytes take at 250 a second; for the first
    /// one, from the beginning of the connection. Default 5 s. Too low: clients on slow networks fail. Too
    /// high: silent connections hold file descriptors.
    pub header_timeout: Duration,
    /// Time for the next request to begin on an open connection. All connections of trusted proxies stay
    /// open that long. Any other network may keep a quarter of `http_per_address` open, and all of these
    /// networks together an eighth of `connections_max`; further connections are closed after each
    /// response. Default 3,620 s, since Envoy reuses connections for up to an hour. Too low: a proxy that
    /// reuses a connection at the moment when it is closed answers 502. Too high: idle connections hold
    /// file descriptors.
    pub keep_alive: Duration,
    /// Largest request head, bytes. Default 16 KiB. Too low: 431 for long cookies of other sites on the
    /// same host. Too high: memory per connection.
    pub header_bytes_max: usize,
    /// Largest request body, bytes. Default 64 KiB. Too low: 413 for long messages. Too high: memory per
    /// request.
    pub body_bytes_max: usize,
    /// Most HTTP requests running at once. Default 256. Too low: 503 although the server is idle. Too high:
    /// memory and long queues under overload.
    pub requests_max: usize,
    /// Limits per client.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            public_names: Vec::new(),
            operator_names: Vec::new(),
            trusted_proxies: Vec::new(),
            connections_max: 15_000,
            http_per_address: 64,
            header_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(3620),
            header_bytes_max: 16 * 1024,
            body_bytes_max: 64 * 1024,
            requests_max: 256,
            limits: Limits::default(),
        }
    }
}

impl Settings {
    /// Raises rate and connection limits beyond reach, for load tests. The counting code still runs.
    #[must_use]
    pub fn unlimited(self) -> Self {
        Self {
            http_per_address: usize::MAX,
            connections_max: usize::MAX,
            requests_max: 65_536,
            limits: self.limits.off(),
            ..self
        }
    }
}
