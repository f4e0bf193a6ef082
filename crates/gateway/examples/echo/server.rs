//! A gateway without the crates behind it, whose sockets send messages back.

use bus::{Builder, Tasks};
use gateway::{BindError, Gateway, Health, Listeners, OperatorView, Serving, Settings};
use std::net::SocketAddr;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a conformance suite may want to change.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) message_bytes: usize,
    pub(crate) ping_every: Duration,
    pub(crate) pong_within: Duration,
}

/// The running server.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    /// Closes the listener when dropped.
    _serving: Serving,
    _builder: Builder,
}

/// Starts a server at `address`.
pub(crate) fn start(address: SocketAddr, limits: Limits) -> Result<Echo, BindError> {
    let limits = gateway::Limits {
        frame_bytes: limits.message_bytes,
        egress_bytes: limits.message_bytes.saturating_mul(8),
        ping_every: limits.ping_every,
        pong_within: limits.pong_within,
        // Nobody can say hello to a server without sessions.
        hello_within: DAY,
        ..gateway::Limits::default()
    };
    let settings = Settings {
        limits: limits.off(),
        ..Settings::default()
    }
    .unlimited();
    let tasks = Tasks::new(CancellationToken::new());
    // It is never started: an echo asks nothing.
    let mut builder = Builder::new(bus::Settings::default(), &tasks);
    let gateway = Gateway::wire(&mut builder, &tasks, settings.limits.clone());
    let gateway = gateway.echoing();
    let listeners = Listeners::bind(address, SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let address = listeners.address().expect("it is bound");
    let health = Health::new(Vec::new());
    let view = OperatorView {
        metrics: gateway.metrics(),
        actions: Vec::new(),
    };
    let serving = listeners.start(&gateway, &health, view, &settings);
    Ok(Echo {
        address,
        _serving: serving,
        _builder: builder,
    })
}
