//! The gateway as the binary and the listeners hold it.

use crate::dispatch::{Body, Bucket, Call, Dispatcher};
use crate::hub;
use crate::shared::Shared;
use crate::socket::{self, Peer, Registry, Stream};
use crate::{Limits, wire};
use bus::{Builder, Tasks};
use bytes::Bytes;
use sessions::api::Online;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The sockets' side of the house: the hub on the bus, the dispatcher, the live connections. A
/// cheap handle.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dispatcher: Dispatcher,
}

impl Gateway {
    /// Puts the hub on the bus and declares what will be asked. Nothing runs yet.
    pub fn wire(builder: &mut Builder, tasks: &Tasks, online: Online, limits: Limits) -> Self {
        let bus = builder.bus();
        // The rest is for facts, and for what outlives its reply. So the bus lets every command of
        // a socket in at once, in the order in which they come.
        let at_once = bus.figures().credits * 2 / 3;
        let shared = Arc::new(Shared {
            bus,
            line: Arc::new(Semaphore::new(at_once.max(1))),
            tasks: tasks.clone(),
            sockets: Arc::new(Registry::new()),
            online,
            limits,
        });
        hub::wire(builder, &shared);
        crate::dispatch::wire(builder);
        let dispatcher = Dispatcher::new(&shared);
        Self { shared, dispatcher }
    }

    /// Starts the hub's timers: its clock and the reading of heads. Once, after the bus.
    pub fn start(&self) {
        hub::start(&self.shared);
    }

    /// Carries out one command that came over HTTP.
    pub async fn call(&self, call: Call) -> Result<Body, wire::Error> {
        self.dispatcher.call(call).await
    }

    /// A full bucket for an HTTP caller.
    #[must_use]
    pub fn bucket(&self) -> Arc<Bucket> {
        Arc::new(Bucket::new(&self.shared.limits))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// How many sockets are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.sockets.count()
    }

    /// Serves one socket from just after the 101 response until it has closed and nothing of it
    /// is left. `read_ahead` is what hyper had already read.
    pub async fn serve(self, stream: Stream, read_ahead: Bytes, peer: Peer) {
        socket::serve(self, stream, read_ahead, peer).await;
    }

    /// The sockets' part of a graceful stop, in two steps of at most `replies` and `goodbyes`: no
    /// more commands are read and those read get their reply; then each socket is flushed, told
    /// `bye` and closed 1012. What takes nothing is cut.
    pub async fn drain(&self, replies: Duration, goodbyes: Duration) {
        socket::drain(&self.shared, replies, goodbyes).await;
    }
}
