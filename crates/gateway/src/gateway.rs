//! The gateway as the binary and the listeners hold it.

use crate::connection::{Peer, Registry, Stream};
use crate::dispatch::{Body, Call, Dispatcher};
use crate::hub;
use crate::metrics::{ConnectionMetrics, Metrics, MetricsPage};
use crate::rate_limit::{Bucket, Buckets};
use crate::shared::Shared;
use crate::socket::{self, Upgraded};
use crate::{Limits, wire};
use bus::{Builder, Tasks};
use bytes::Bytes;
use sessions::api::Online;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The sockets' side of the house: the hub on the bus, the dispatcher, the live connections. A
/// cheap handle.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dispatcher: Arc<Dispatcher>,
}

impl Gateway {
    /// Puts the hub on the bus and declares what will be asked. Nothing runs yet.
    pub fn wire(builder: &mut Builder, tasks: &Tasks, online: Online, limits: Limits) -> Self {
        let bus = builder.bus();
        // The rest is for facts, and for what outlives its reply. So the bus lets every command of
        // a socket in at once, in the order in which they come.
        let at_once = bus.metrics().credits * 2 / 3;
        let shared = Arc::new(Shared {
            bus,
            bus_admission: Arc::new(Semaphore::new(at_once.max(1))),
            tasks: tasks.clone(),
            sockets: Arc::new(Registry::new()),
            metrics: Metrics::default(),
            buckets: Buckets::default(),
            rejections: Arc::default(),
            online,
            limits,
        });
        hub::wire(builder, &shared);
        crate::dispatch::wire(builder);
        let dispatcher = Arc::new(Dispatcher::new(&shared));
        Self { shared, dispatcher }
    }

    /// Starts the hub's timers: its clock and the reading of heads. Once, after the bus.
    pub fn start(&self) {
        hub::start(&self.shared);
    }

    /// Carries out one command that came over HTTP.
    pub async fn call(&self, call: Call) -> Result<Body, wire::Error> {
        let (op, since) = (call.command.op(), Instant::now());
        let answer = self.dispatcher.call(call).await;
        let commands = &self.shared.metrics.commands;
        commands.ended(op, answer.as_ref().err(), since.elapsed());
        answer
    }

    /// The metrics page, with the gateway's own, the bus's and the tasks' on it.
    #[must_use]
    pub fn metrics(&self) -> MetricsPage {
        let shared = &self.shared;
        let mut page = MetricsPage::new(&shared.metrics, &shared.bus, &shared.tasks);
        page.add(ConnectionMetrics {
            sockets: Arc::clone(&shared.sockets),
            rejections: Arc::clone(&shared.rejections),
            online: shared.online.clone(),
        });
        page
    }

    /// A full bucket that nobody else pays from.
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
    pub fn serve(
        self,
        stream: Stream,
        read_ahead: Bytes,
        peer: Peer,
    ) -> impl Future<Output = ()> + Send + use<> {
        let upgraded = Upgraded {
            stream,
            read_ahead,
            peer,
        };
        self.serve_upgraded(upgraded, &mut || {})
    }

    /// Serves an upgraded connection; calls `entered_as_socket` once it counts as a socket.
    pub(crate) fn serve_upgraded(
        self,
        upgraded: Upgraded,
        entered_as_socket: &mut dyn FnMut(),
    ) -> impl Future<Output = ()> + Send + use<> {
        socket::serve(self.shared, self.dispatcher, upgraded, entered_as_socket)
    }

    /// The first step of the sockets' stop: no more commands are read, and those read get their
    /// reply within this time. Returns how many have none; they are told so with the goodbye.
    pub async fn finish_commands(&self, within: Duration) -> usize {
        socket::finish_commands(&self.shared, within).await
    }

    /// The second step: each socket is flushed, told `bye` with a delay of its own, and closed
    /// 1012. What takes nothing is cut. Returns how many are there even then.
    pub async fn say_goodbye(&self, within: Duration) -> usize {
        socket::say_goodbye(&self.shared, within).await
    }
}
