//! Floods: strangers who write without pause, or hardly at all, beside people who chat. What the
//! people feel, how long each stranger stays, and whether the server still hears its operator.

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
use kinds::Door;
use people::People;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// People who chat.
    pub people: usize,
    /// Strangers.
    pub strangers: usize,
    /// How long the flood lasts.
    pub lasts: Duration,
    /// How much longer at most, until as many were thrown out as there are strangers.
    pub patience: Duration,
    /// The server has a core for itself, and everyone else another.
    pub pinned: bool,
}

/// Between two looks at the server's health.
const LOOK: Duration = Duration::from_millis(100);
/// So long the strangers have been there when the server is told to stop.
const BEFORE_THE_STOP: Duration = Duration::from_millis(500);

/// A stop that takes longer counts as this.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

impl Flood {
    /// Lets strangers flood a server of this store; at the end it is stopped among them.
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
        let sends = people.disperse().await;
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
        let address = match self.door {
            Door::Socket | Door::People => server.address(),
            Door::Operator => server.operator_address(),
        };
        Flooders::start(self, scale.strangers, address)
    }
}

/// Asks for the server's health again and again, and how long that takes.
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

/// Keeps a process, with all its threads, on one core.
fn pin(process: u32, core: &str) {
    let mut taskset = Command::new("taskset");
    let taskset = taskset.args(["-acp", core, &process.to_string()]);
    let status = taskset.stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "taskset");
}
