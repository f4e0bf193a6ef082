//! The gateway's handle for the binary and the listeners.

use crate::commands::{Body, Ops};
use crate::connection::{FanoutWriters, ForeignSockets, OpenSockets, Peer, Stream};
use crate::dispatch::{Call, Dispatcher};
use crate::foreign_pushes::{ForeignPushError, ForeignPushTarget, ForeignPushes};
use crate::hub;
use crate::local::{self, LOCAL_MAX, LocalConnection, LocalOpenError};
use crate::metrics::{ConnectionMetrics, Metrics, MetricsPage};
use crate::rate_limit::{Bucket, Buckets};
use crate::shared::Shared;
use crate::socket::{self, Upgraded};
use crate::{Limits, wire};
use bus::{Builder, Tasks};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The hub on the bus, the dispatcher and the open connections. A cheap handle.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dispatcher: Arc<Dispatcher>,
}

impl Gateway {
    /// Subscribes the hub and declares the requests that commands make. Starts nothing.
    pub fn wire(builder: &mut Builder, tasks: &Tasks, limits: Limits) -> Self {
        Self::with_ops(builder, tasks, limits, Ops::builtin())
    }

    /// Like [`Gateway::wire`], with commands that are carried out outside the gateway among `ops`. What
    /// those ask of the bus, they declare themselves.
    pub fn with_ops(builder: &mut Builder, tasks: &Tasks, limits: Limits, ops: Ops) -> Self {
        let bus = builder.bus();
        // The other credits are for events and for what outlives its reply. So the bus admits every
        // command with a permit at once, in order.
        let permits = bus.metrics().credits * 2 / 3;
        let ops = Arc::new(ops);
        let shared = Arc::new(Shared {
            bus,
            bus_admission: Arc::new(Semaphore::new(permits.max(1))),
            foreign_pushes: ForeignPushes::default(),
            local_slots: Arc::new(Semaphore::new(LOCAL_MAX)),
            tasks: tasks.clone(),
            sockets: Arc::new(OpenSockets::new()),
            foreign_sockets: ForeignSockets::default(),
            writers: FanoutWriters::start(limits.fanout_writers),
            metrics: Metrics::new(ops.iter().map(|op| op.name)),
            buckets: Buckets::default(),
            rejections: Arc::default(),
            online: Arc::default(),
            limits,
        });
        hub::wire(builder, &shared);
        socket::wire(builder);
        ops.wire(builder);
        let dispatcher = Arc::new(Dispatcher::new(&shared, ops));
        Self { shared, dispatcher }
    }

    /// Makes sockets send every message back, text or binary, instead of reading it as a command: for
    /// conformance tests of everything below the commands.
    #[must_use]
    pub fn echoing(self) -> Self {
        let dispatcher = Arc::new(Dispatcher::clone(&self.dispatcher).echoing());
        Self { dispatcher, ..self }
    }

    /// Starts the hub's timers and the delivery of pushes. Call it once, after the bus has started.
    pub fn start(&self) {
        hub::start(&self.shared);
    }

    /// Carries out a command that came over HTTP and counts it.
    ///
    /// # Errors
    /// The error for the client if the command is refused or fails.
    pub async fn call(&self, call: Call) -> Result<Body, wire::Error> {
        let (op, since) = (call.command.op().number, Instant::now());
        let answer = self.dispatcher.call(call).await;
        let commands = &self.shared.metrics.commands;
        commands.ended(op, answer.as_ref().err(), since.elapsed());
        answer
    }

    /// Returns the metrics page with the metrics of the gateway, the bus and the tasks.
    #[must_use]
    pub fn metrics(&self) -> MetricsPage {
        let shared = &self.shared;
        let mut page = MetricsPage::new(&shared.metrics, &shared.bus, &shared.tasks);
        page.add(ConnectionMetrics {
            sockets: Arc::clone(&shared.sockets),
            rejections: Arc::clone(&shared.rejections),
            online: Arc::clone(&shared.online),
        });
        page
    }

    /// Returns a full bucket that is not shared.
    #[must_use]
    pub fn bucket(&self) -> Arc<Bucket> {
        Arc::new(Bucket::new(&self.shared.limits))
    }

    /// Returns the limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Returns the number of open sockets.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.sockets.count()
    }

    /// Serves one socket from the 101 response until it has closed. `read_ahead` is what hyper had
    /// already read.
    pub fn serve(
        self,
        stream: Stream,
        read_ahead: Bytes,
        peer: Peer,
    ) -> impl Future<Output = ()> + Send + use<> {
        let upgraded = Upgraded {
            stream: stream.into(),
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

    /// Opens a connection within the process, for a client of this network: `parlor.v1` as over a socket.
    ///
    /// # Errors
    /// If the server stops, or it or the network has its maximum of connections.
    pub fn open(&self, peer: Peer) -> Result<LocalConnection, LocalOpenError> {
        local::open(&self.shared, &self.dispatcher, peer)
    }

    /// Pushes `{"ev":name,"d":body}` to these connections, best effort as typing is: it is left out for
    /// clients that are behind. Never waits.
    ///
    /// # Errors
    /// If the name is not `x.NAME.PUSH`, the body is too long, or too many pushes wait.
    pub fn push(
        &self,
        to: ForeignPushTarget,
        name: &str,
        body: &RawValue,
    ) -> Result<(), ForeignPushError> {
        self.shared.foreign_pushes.push(to, name, body)
    }

    /// First step of the sockets' shutdown: stops the reading of commands and waits at most `within` for
    /// the replies to those already read. Returns how many have none; they get an error with the goodbye.
    pub async fn finish_commands(&self, within: Duration) -> usize {
        socket::finish_commands(&self.shared, within).await
    }

    /// Second step: flushes each socket, sends `bye` with its own reconnect delay and closes it with 1012.
    /// Aborts sockets whose clients read nothing, and returns their number.
    pub async fn say_goodbye(&self, within: Duration) -> usize {
        socket::say_goodbye(&self.shared, within).await
    }
}
