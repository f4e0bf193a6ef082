//! Runs a fault from its beginning to the check.

use crate::crowd::{Crowd, People};
use crate::faults::report::Report;
use crate::server::Server;
use crate::settings::Settings;
use crate::store::Store;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait for anybody after a fault; the report says how long it took.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many people chat, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Enough people to be affected, for a test of seconds.
    Short,
    /// As many as in the kill -9 trial.
    Long,
}

impl Size {
    fn people(self, through: Option<SocketAddr>) -> People {
        let (clients, rooms, window) = match self {
            Self::Short => (6, 2, 4),
            Self::Long => (16, 6, 16),
        };
        People {
            clients,
            rooms,
            window,
            through,
        }
    }
}

/// People chatting on a server, and the fault meanwhile.
pub(crate) struct Scene {
    store: Store,
    server: Server,
    crowd: Crowd,
    fault: &'static str,
    began: Instant,
    acks_before: usize,
    acks_meanwhile: usize,
    lasted: Duration,
    first_ack: Duration,
}

impl Scene {
    /// Starts people on a new server.
    pub(crate) async fn open(
        store: &Store,
        fault: &'static str,
        size: Size,
        settings: Settings,
    ) -> Self {
        let server = store.serve(settings).await;
        Self::on(store, &server, fault, size, None).await
    }

    /// Starts people on this server, some of them through a proxy.
    pub(crate) async fn on(
        store: &Store,
        server: &Server,
        fault: &'static str,
        size: Size,
        through: Option<SocketAddr>,
    ) -> Self {
        server.expect_trouble();
        let crowd = Crowd::gather(server, size.people(through)).await;
        crowd.busy().await;
        Self {
            store: store.clone(),
            server: server.clone(),
            acks_before: crowd.acks(),
            crowd,
            fault,
            began: Instant::now(),
            acks_meanwhile: 0,
            lasted: Duration::ZERO,
            first_ack: Duration::ZERO,
        }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Marks the beginning of the fault.
    pub(crate) fn begins(&mut self) {
        self.began = Instant::now();
        self.acks_before = self.crowd.acks();
    }

    /// Returns how long the fault has lasted.
    pub(crate) fn lasts(&self) -> Duration {
        self.began.elapsed()
    }

    /// Restarts a server that has exited, which ends the fault. First reads what it had
    /// acknowledged before.
    pub(crate) async fn ends_with_a_start(&mut self) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let server = self.server.clone();
        tokio::join!(self.ends(), server.start_again());
    }

    /// Marks the end of the fault: waits for the first acknowledgement, and then until everybody
    /// chats.
    pub(crate) async fn ends(&mut self) {
        self.lasted = self.began.elapsed();
        self.acks_meanwhile = self.crowd.acks() - self.acks_before;
        self.first_ack = self.crowd.acks_after(1, PATIENCE).await;
        self.crowd.acks_after(100, PATIENCE).await;
    }

    /// Waits until the server reports its database as impaired, with this cause: to the operator,
    /// in the log and in the metrics.
    pub(crate) async fn is_told(&self, cause: &str) {
        let core = self.core_is(|core| core["condition"] != "connected").await;
        let reported = core["cause"].as_str().unwrap_or_default();
        assert!(
            reported.contains(cause),
            "the cause is not {cause:?}: {core}"
        );
        let condition = core["condition"].as_str().unwrap_or_default();
        let change = format!("a database is {condition}");
        let line = self.server.logged(&change).await;
        assert!(line.contains(cause), "{line}");
    }

    /// Waits until the server reports its database as recovered.
    pub(crate) async fn is_over(&self) {
        self.core_is(|core| core["condition"] == "connected").await;
        self.server.logged("a database is recovered").await;
    }

    async fn core_is(&self, so: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let page = self.server.operator().get("/health/databases").await;
            let core = page.json()["databases"]["core"].take();
            if so(&core) {
                return core;
            }
            assert!(Instant::now() < end, "state not reached: {core}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops everybody and checks the result.
    pub(crate) async fn close(self) -> Report {
        Report {
            fault: self.fault,
            kind: self.store.kind(),
            lasted: self.lasted,
            acks_meanwhile: self.acks_meanwhile,
            first_ack: self.first_ack,
            figures: self.crowd.finish(&self.store).await,
        }
    }
}
