//! The gateway's settings: what its listeners admit and how long they wait.

use crate::Limits;
use ipnet::IpNet;
use std::time::Duration;

/// What the listeners admit and how long they wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Origins besides the server's own that a browser page may connect from
    /// (`https://chat.example.org`). Default none. Too few: those pages get 403. Too many: a page
    /// of theirs can act for whoever pastes a token into it.
    pub allowed_origins: Vec<String>,
    /// Names that people reach the server by (`chat.example.org`). When there are any, requests for
    /// other names are refused with 421; addresses and `localhost` always count. Default none: every
    /// name counts, since the server cannot know what a proxy before it is called. Too few: people at a further name get 421. Too many: whoever
    /// owns one that points elsewhere can have a visitor's browser speak to this server as theirs.
    pub public_names: Vec<String>,
    /// Names besides `localhost` that the operator's listener answers to. Default none. Too few and
    /// too many: as with `public_names`.
    pub operator_names: Vec<String>,
    /// Networks whose `X-Forwarded-For` counts. Default none. Too few: all users behind the proxy
    /// share one address and its limits. Too many: clients choose their own address.
    pub trusted_proxies: Vec<IpNet>,
    /// Open connections in all. Default 15,000. Too low: people are turned away with 503. Too high:
    /// the process runs out of file descriptors and accepts in fits.
    pub connections_max: usize,
    /// Open connections of one address (IPv6: of one /64) that are not sockets, and requests under way
    /// that a trusted proxy passes on for it. Default 64. Too low:
    /// pages of an office behind one address load slowly. Too high: one machine takes everything.
    pub http_per_address: usize,
    /// Time to send a whole request head, and to begin the next one on an open connection. Default
    /// 5 s. Too low: slow networks fail to connect. Too high: silent connections hold descriptors.
    pub header_timeout: Duration,
    /// Size of a request head. Default 16 KiB. Too low: 431 for long `Origin` or cookie lines of
    /// other sites on the host. Too high: memory per connection.
    pub header_bytes_max: usize,
    /// Size of a request body. Default 64 KiB. Too low: 413 for long messages. Too high: memory per
    /// request.
    pub body_bytes_max: usize,
    /// HTTP requests under way at once. Default 256. Too low: 503 although the server is idle. Too
    /// high: memory and queues under overload.
    pub requests_max: usize,
    /// What one client may take.
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
            header_bytes_max: 16 * 1024,
            body_bytes_max: 64 * 1024,
            requests_max: 256,
            limits: Limits::default(),
        }
    }
}

impl Settings {
    /// The same with rates and connection counts beyond reach, for load tests: the code that
    /// counts runs as ever.
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
