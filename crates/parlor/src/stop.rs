//! The graceful stop: named stages that share one budget, part of which is reserved for storage.
//!
//! The exit code speaks of commands and of storage: a stop fails if a command that was accepted had to
//! be cut, or if a critical database was not closed. Clients that cannot be reached any more, as every
//! phone in a tunnel, are cut, counted and logged.

use crate::app::RunningApp;
use crate::traces::RunningExporter;
use sessions::api::KeepConnected;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Shares of the budget, by stage.
const ACCEPTING: Duration = Duration::from_millis(500);
const REPLIES: Duration = Duration::from_secs(3);
const GOODBYES: Duration = Duration::from_secs(2);
const SESSIONS: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(1);
const SUBSCRIBERS: Duration = Duration::from_secs(1);
/// Reserved for storage, even when the budget is spent.
pub(crate) const STORAGE: Duration = Duration::from_secs(2);
/// Reserved for sending spans to the collector, even when the budget is spent.
const TRACES: Duration = Duration::from_millis(500);
/// Reserved for cancelled tasks to end, even when the budget is spent.
const TASKS: Duration = Duration::from_millis(200);
/// What is reserved for the last stages.
const RESERVED: Duration = STORAGE.saturating_add(TRACES).saturating_add(TASKS);
/// The stages that decide about the exit code; what others leave undone is logged.
const DECISIVE: [&str; 2] = ["replies", "storage"];
/// What a stage with its own time limit may take beyond that limit.
const GRACE: Duration = Duration::from_millis(100);

/// Returns how long a stop with this budget takes at most.
pub(crate) fn longest(budget: Duration) -> Duration {
    budget.max(RESERVED)
}

/// Stops everything within `budget`. The error names the decisive stages that did not finish.
pub(crate) async fn stop(
    app: RunningApp,
    traces: Option<RunningExporter>,
    budget: Duration,
) -> anyhow::Result<()> {
    let RunningApp {
        tasks,
        registry,
        running,
        gateway,
        health,
        serving,
        extensions,
    } = app;
    let bus = running.bus().clone();
    let mut stages = StageRunner::within(budget);

    let requests = serving.requests();
    health.drain();
    stages.run("not ready", Duration::ZERO, async {}).await;
    stages.run("accepting", ACCEPTING, serving.close()).await;
    tasks.stop_timers();
    stages.run("timers", Duration::ZERO, async {}).await;

    let replies = stages.share(REPLIES);
    let unanswered = async {
        let answered = timeout(replies, requests.answered());
        let (unanswered, _) = tokio::join!(gateway.finish_commands(replies), answered);
        unanswered
    };
    stages.run_counted("replies", REPLIES, unanswered).await;
    let goodbyes = stages.share(GOODBYES);
    let cut = gateway.say_goodbye(goodbyes);
    stages.run_optional("goodbyes", cut).await;

    let within = stages.share(SESSIONS);
    let kept = async { usize::from(!matches!(bus.ask(KeepConnected, within).await, Ok(Ok(())))) };
    stages.run_counted("sessions", SESSIONS, kept).await;
    bus.close_bounded();
    stages.run("bus", QUIET, bus.quiet()).await;
    bus.drain();
    let ended = running.stop(stages.share(SUBSCRIBERS));
    stages.run_counted("subscribers", SUBSCRIBERS, ended).await;

    stages
        .run_reserved("storage", STORAGE, registry.close(STORAGE))
        .await;
    if let Some(traces) = traces {
        stages.run_optional("traces", traces.flush(TRACES)).await;
    }
    stages.run_reserved("tasks", TASKS, tasks.stop(TASKS)).await;
    drop(extensions);
    stages.report()
}

/// Runs the stages of a stop within one budget and notes which decisive ones did not finish.
struct StageRunner {
    began: Instant,
    end: Instant,
    undone: Vec<&'static str>,
}

impl StageRunner {
    fn within(budget: Duration) -> Self {
        let began = Instant::now();
        Self {
            began,
            end: began + budget,
            undone: Vec::new(),
        }
    }

    /// Returns at most `wanted`, without touching what is reserved for the last stages.
    fn share(&self, wanted: Duration) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        wanted.min(left.saturating_sub(RESERVED))
    }

    /// Runs a stage that finishes when its future does.
    async fn run(&mut self, stage: &'static str, wanted: Duration, work: impl Future<Output = ()>) {
        let (began, within) = (Instant::now(), self.share(wanted));
        let ended = timeout(within, work).await.is_ok();
        self.ended(stage, began, usize::from(!ended), "");
    }

    /// Runs a stage with its own time limit, which returns how much it left undone.
    async fn run_counted(
        &mut self,
        stage: &'static str,
        wanted: Duration,
        work: impl Future<Output = usize>,
    ) {
        let began = Instant::now();
        let left = timeout(self.share(wanted) + GRACE, work).await;
        self.ended(stage, began, left.unwrap_or(1), "");
    }

    /// Runs a stage with a reserved share, which names what it left undone.
    async fn run_reserved(
        &mut self,
        stage: &'static str,
        own: Duration,
        work: impl Future<Output = Vec<String>>,
    ) {
        let began = Instant::now();
        let left = timeout(own + GRACE, work).await;
        let left = left.unwrap_or_else(|_| vec!["everything".to_owned()]);
        self.ended(stage, began, left.len(), &left.join(", "));
    }

    /// Runs a stage that keeps its own time limit and returns how much it left undone, which is nothing
    /// unusual.
    async fn run_optional(&mut self, stage: &'static str, work: impl Future<Output = usize>) {
        let began = Instant::now();
        let (left, took_ms) = (work.await, millis(began));
        tracing::info!(stage, took_ms, left, "stop stage finished");
    }

    fn ended(&mut self, stage: &'static str, began: Instant, left: usize, what: &str) {
        let took_ms = millis(began);
        if left == 0 {
            tracing::info!(stage, took_ms, left, "stop stage finished");
            return;
        }
        tracing::warn!(
            stage,
            took_ms,
            left,
            what,
            "stop stage did not finish, going on"
        );
        if DECISIVE.contains(&stage) {
            self.undone.push(stage);
        }
    }

    fn report(self) -> anyhow::Result<()> {
        let took_ms = millis(self.began);
        if self.undone.is_empty() {
            tracing::info!(took_ms, "stopped");
            return Ok(());
        }
        let undone = self.undone.join(", ");
        tracing::warn!(took_ms, undone, "stopped with work left undone");
        anyhow::bail!("stopped with work left undone: {undone}")
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    const BUDGET: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn stages_that_hang_are_passed_over_within_the_budget() {
        let mut stages = StageRunner::within(BUDGET);
        for stage in ["one", "two", "three"] {
            stages.run(stage, Duration::from_secs(4), pending()).await;
        }
        stages
            .run_counted("replies", Duration::from_secs(4), pending())
            .await;
        let left = BUDGET.saturating_sub(stages.began.elapsed());
        assert!(
            left + GRACE >= RESERVED,
            "{left:?} left for the last stages"
        );
        stages.run_reserved("storage", STORAGE, pending()).await;
        stages.run_reserved("tasks", TASKS, pending()).await;
        assert!(stages.began.elapsed() <= BUDGET + 2 * GRACE);
        assert_eq!(stages.undone, ["replies", "storage"]);
        assert!(stages.report().is_err());
    }

    async fn succeeds(stage: &'static str, left: usize) -> bool {
        let mut stages = StageRunner::within(BUDGET);
        let second = Duration::from_secs(1);
        stages.run_counted(stage, second, async move { left }).await;
        stages.report().is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn commands_and_storage_decide_about_the_exit_code() {
        for stage in ["replies", "storage"] {
            assert!(succeeds(stage, 0).await, "{stage}");
            assert!(!succeeds(stage, 1).await, "{stage}");
        }
        for stage in ["accepting", "goodbyes", "sessions", "subscribers", "tasks"] {
            assert!(succeeds(stage, 3).await, "{stage}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn storage_keeps_its_share_of_the_smallest_budget() {
        let mut stages = StageRunner::within(Duration::from_millis(100));
        stages.run("one", Duration::from_secs(1), pending()).await;
        let storage = tokio::time::sleep(STORAGE);
        stages
            .run_reserved("storage", STORAGE, async {
                storage.await;
                Vec::new()
            })
            .await;
        assert!(!stages.undone.contains(&"storage"), "{:?}", stages.undone);
        assert!(stages.began.elapsed() <= longest(Duration::from_millis(100)));
    }
}
