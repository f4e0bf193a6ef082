//! A graceful stop: one budget, stages that are named, and storage's share kept back for it.

use crate::house::Open;
use crate::watchdog;
use sessions::api::KeepConnected;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// What each stage may take of the budget.
const CLOSING: Duration = Duration::from_millis(500);
const REPLIES: Duration = Duration::from_secs(3);
const GOODBYES: Duration = Duration::from_secs(2);
const SESSIONS: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(1);
const STORAGE: Duration = Duration::from_secs(2);
/// What cancelled tasks may take to end, even when the budget is spent.
const JOINING: Duration = Duration::from_millis(200);

/// A budget running down.
struct Budget {
    end: Instant,
    overran: Vec<&'static str>,
}

/// Stops everything within `budget`. The error names what was not done in time.
pub(crate) async fn stop(open: Open, budget: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    watchdog::start(budget);
    let mut left = Budget {
        end: began + budget,
        overran: Vec::new(),
    };
    open.health.drain();
    left.stage("listeners", CLOSING, open.serving.close()).await;
    open.tasks.stop_timers();
    left.sockets(&open.gateway).await;
    left.sessions(open.running.bus()).await;
    left.stage("bus", QUIET, open.running.bus().quiet()).await;
    open.running.bus().drain();
    let within = left.share(QUIET);
    left.stage("subscribers", within, open.running.stop(within))
        .await;
    // Its own two seconds, whatever happened before.
    open.registry.close(STORAGE).await;
    let unended = open.tasks.stop(left.remaining().max(JOINING)).await;
    left.report(began, &unended)
}

impl Budget {
    fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// At most `wanted`, and never what storage needs.
    fn share(&self, wanted: Duration) -> Duration {
        wanted.min(self.remaining().saturating_sub(STORAGE))
    }

    async fn stage<F: Future<Output = ()>>(
        &mut self,
        stage: &'static str,
        wanted: Duration,
        work: F,
    ) {
        let began = Instant::now();
        let within = self.share(wanted);
        let done = tokio::time::timeout(within, work).await.is_ok();
        let took_ms = millis(began);
        if done {
            tracing::debug!(stage, took_ms, "stopped");
        } else {
            tracing::warn!(stage, took_ms, "did not stop in time; going on");
            self.overran.push(stage);
        }
    }

    /// Replies to what was read, then goodbyes; the gateway cuts what takes nothing.
    async fn sockets(&mut self, gateway: &gateway::Gateway) {
        let (began, open) = (Instant::now(), gateway.connections());
        let (replies, goodbyes) = (self.share(REPLIES), self.share(GOODBYES));
        gateway.drain(replies, goodbyes).await;
        let left = gateway.connections();
        tracing::info!(
            open,
            left,
            took_ms = millis(began),
            "sockets have been closed"
        );
        if left > 0 {
            self.overran.push("sockets");
        }
    }

    /// Who is connected stays marked as such: across the restart nobody seems to leave.
    async fn sessions(&mut self, bus: &bus::Bus) {
        let within = self.share(SESSIONS);
        if let Ok(Ok(())) = bus.ask(KeepConnected, within).await {
            return;
        }
        tracing::warn!(
            stage = "sessions",
            "who was connected could not be written down"
        );
        self.overran.push("sessions");
    }

    fn report(self, began: Instant, unended: &[String]) -> anyhow::Result<()> {
        let took_ms = millis(began);
        if self.overran.is_empty() && unended.is_empty() {
            tracing::info!(took_ms, "stopped");
            return Ok(());
        }
        let late = self.overran.join(", ");
        let tasks = unended.join(", ");
        tracing::warn!(took_ms, late, tasks, "stopped before everything was done");
        anyhow::bail!("stopped before everything was done: {late} {tasks}")
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
