//! Floods: clients that write without pause, or hardly at all, beside people who chat. Measures
//! what the people notice, how long each flooding client stays connected, and whether the
//! operator's listener still answers.

mod flooder;
mod kinds;
mod people;
mod report;

pub use kinds::{FLOODS, Flood};
pub use report::FloodReport;

use crate::jwt::SECRET;
use crate::server::Server;
use crate::settings::Settings;
use crate::store::Store;
use flooder::{Flooders, Stay};
use kinds::Endpoint;
pub(crate) use people::People;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many clients there are, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// Number of people who chat.
    pub people: usize,
    /// Number of flooding clients.
    pub strangers: usize,
    /// Duration of the flood.
    pub lasts: Duration,
    /// How much longer at most, until as many connections have been ended as there are flooding
    /// clients.
    pub patience: Duration,
    /// Whether the server has one core for itself, and everyone else another.
    pub pinned: bool,
}

/// Interval between two health checks.
const LOOK: Duration = Duration::from_millis(100);
/// How long the flood has lasted when the server is asked to stop.
const BEFORE_THE_STOP: Duration = Duration::from_millis(500);

/// A stop that takes longer counts as this long.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

impl Flood {
    /// Floods a new server of this store and finally stops it during the flood.
    pub async fn run(&'static self, store: &Store, scale: Scale) -> FloodReport {
        let settings = Settings::default()
            .limited()
            .with("PARLOR_JWT_SECRET", SECRET);
        let server = store.serve(settings).await;
        server.expect_trouble();
        if scale.pinned {
            pin(std::process::id(), "0");
            pin(server.process(), "1");
        }
        let people = People::gather(server.address(), scale.people).await;
        let (looking, looks) = look(&server);
        let stays = self.among(&server, scale).await;
        looking.store(false, Ordering::Relaxed);
        let health = looks.join_all().await.concat();
        let sends = people.finish().await;
        let stop = self.stop(&server, scale).await;
        FloodReport::new(self, sends, stays, health, stop)
    }

    async fn among(&'static self, server: &Server, scale: Scale) -> Vec<Stay> {
        let flooders = self.start(server, scale);
        tokio::time::sleep(scale.lasts).await;
        let end = Instant::now() + scale.patience;
        while flooders.thrown_out() < scale.strangers && Instant::now() < end {
            tokio::time::sleep(LOOK).await;
        }
        flooders.stop().await
    }

    async fn stop(&'static self, server: &Server, scale: Scale) -> Duration {
        let flooders = self.start(server, scale);
        tokio::time::sleep(BEFORE_THE_STOP).await;
        let began = Instant::now();
        server.signal("TERM");
        let ended = tokio::time::timeout(STOP_PATIENCE, server.ended()).await;
        let took = began.elapsed();
        flooders.stop().await;
        if ended.is_err() {
            server.kill();
        }
        took
    }

    fn start(&'static self, server: &Server, scale: Scale) -> Flooders {
        let address = match self.endpoint {
            Endpoint::Socket | Endpoint::People => server.address(),
            Endpoint::Operator => server.operator_address(),
        };
        Flooders::start(self, scale.strangers, address)
    }
}

/// Measures the server's health check repeatedly.
fn look(server: &Server) -> (Arc<AtomicBool>, JoinSet<Vec<Duration>>) {
    let looking = Arc::new(AtomicBool::new(true));
    let (going, operator) = (Arc::clone(&looking), server.operator());
    let mut looks = JoinSet::new();
    looks.spawn(async move {
        let mut took = Vec::new();
        while going.load(Ordering::Relaxed) {
            let began = Instant::now();
            assert!(operator.get("/health/live").await.status.is_success());
            took.push(began.elapsed());
            tokio::time::sleep(LOOK).await;
        }
        took
    });
    (looking, looks)
}

/// Pins a process with all its threads to one core.
fn pin(process: u32, core: &str) {
    let mut taskset = Command::new("taskset");
    let taskset = taskset.args(["-acp", core, &process.to_string()]);
    let status = taskset.stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "taskset");
}
