//! A graceful stop: one budget, stages that are named, and storage's share kept back for it.

use crate::app::RunningApp;
use crate::traces::RunningExporter;
use sessions::api::KeepConnected;
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// What each stage may take of the budget.
const ACCEPTING: Duration = Duration::from_millis(500);
const REPLIES: Duration = Duration::from_secs(3);
const GOODBYES: Duration = Duration::from_secs(2);
const SESSIONS: Duration = Duration::from_secs(1);
const QUIET: Duration = Duration::from_secs(1);
const SUBSCRIBERS: Duration = Duration::from_secs(1);
/// Storage's own, whatever happened before.
pub(crate) const STORAGE: Duration = Duration::from_secs(2);
/// What spans may take to their collector, whatever happened before.
const TRACES: Duration = Duration::from_millis(500);
/// What cancelled tasks may take to end, even when the budget is spent.
const TASKS: Duration = Duration::from_millis(200);
/// What the last stages keep of the budget.
const LAST: Duration = STORAGE.saturating_add(TRACES).saturating_add(TASKS);
/// What a stage that minds its own time may take beyond that.
const GRACE: Duration = Duration::from_millis(100);

/// The longest that a stop with this budget takes.
pub(crate) fn longest(budget: Duration) -> Duration {
    budget.max(LAST)
}

/// Stops everything within `budget`. The error names the stages that left something undone.
pub(crate) async fn stop(
    open: RunningApp,
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
    } = open;
    let bus = running.bus().clone();
    let mut stop = StageRunner::within(budget);

    let requests = serving.requests();
    health.drain();
    stop.stage("not ready", Duration::ZERO, async {}).await;
    stop.stage("accepting", ACCEPTING, serving.close()).await;
    tasks.stop_timers();
    stop.stage("timers", Duration::ZERO, async {}).await;

    let replies = stop.share(REPLIES);
    let unanswered = async {
        let answered = timeout(replies, requests.answered());
        let (unanswered, _) = tokio::join!(gateway.finish_commands(replies), answered);
        unanswered
    };
    stop.counted("replies", REPLIES, unanswered).await;
    let goodbyes = stop.share(GOODBYES);
    let open = gateway.say_goodbye(goodbyes);
    stop.counted("goodbyes", GOODBYES, open).await;

    let within = stop.share(SESSIONS);
    let kept = async { usize::from(!matches!(bus.ask(KeepConnected, within).await, Ok(Ok(())))) };
    stop.counted("sessions", SESSIONS, kept).await;
    stop.stage("bus", QUIET, bus.quiet()).await;
    bus.drain();
    let ended = running.stop(stop.share(SUBSCRIBERS));
    stop.counted("subscribers", SUBSCRIBERS, ended).await;

    stop.last("storage", STORAGE, registry.close(STORAGE)).await;
    if let Some(traces) = traces {
        stop.spare("traces", traces.flush(TRACES)).await;
    }
    stop.last("tasks", TASKS, tasks.stop(TASKS)).await;
    stop.report()
}

/// A budget running down, and what was left undone meanwhile.
struct StageRunner {
    began: Instant,
    end: Instant,
    undone: Vec<String>,
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

    /// At most `wanted`, and never what the last stages need.
    fn share(&self, wanted: Duration) -> Duration {
        let left = self.end.saturating_duration_since(Instant::now());
        wanted.min(left.saturating_sub(LAST))
    }

    /// A stage that is done when it has ended.
    async fn stage(
        &mut self,
        stage: &'static str,
        wanted: Duration,
        work: impl Future<Output = ()>,
    ) {
        let (began, within) = (Instant::now(), self.share(wanted));
        let ended = timeout(within, work).await.is_ok();
        self.ended(stage, began, usize::from(!ended), "");
    }

    /// A stage that minds its own time and says how much it has left undone.
    async fn counted(
        &mut self,
        stage: &'static str,
        wanted: Duration,
        work: impl Future<Output = usize>,
    ) {
        let began = Instant::now();
        let left = timeout(self.share(wanted) + GRACE, work).await;
        self.ended(stage, began, left.unwrap_or(1), "");
    }

    /// A stage with a share of its own, which names what it has left.
    async fn last(
        &mut self,
        stage: &'static str,
        own: Duration,
        work: impl Future<Output = Vec<String>>,
    ) {
        let began = Instant::now();
        let left = timeout(own + GRACE, work).await;
        let left = left.unwrap_or_else(|_| vec!["all of it".to_owned()]);
        self.ended(stage, began, left.len(), &left.join(", "));
    }

    /// A stage that minds its own time and says what it has left; nobody misses that.
    async fn spare(&mut self, stage: &'static str, work: impl Future<Output = usize>) {
        let began = Instant::now();
        let (left, took_ms) = (work.await, millis(began));
        tracing::info!(stage, took_ms, left, "a stage of the stop is done");
    }

    fn ended(&mut self, stage: &'static str, began: Instant, left: usize, what: &str) {
        let took_ms = millis(began);
        if left == 0 {
            tracing::info!(stage, took_ms, left, "a stage of the stop is done");
            return;
        }
        tracing::warn!(
            stage,
            took_ms,
            left,
            what,
            "a stage of the stop is passed over"
        );
        self.undone.push(stage.to_owned());
    }

    fn report(self) -> anyhow::Result<()> {
        let took_ms = millis(self.began);
        if self.undone.is_empty() {
            tracing::info!(took_ms, "stopped");
            return Ok(());
        }
        let undone = self.undone.join(", ");
        tracing::warn!(took_ms, undone, "stopped before everything was done");
        anyhow::bail!("stopped before everything was done: {undone}")
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
        let mut stop = StageRunner::within(BUDGET);
        for stage in ["one", "two", "three"] {
            stop.stage(stage, Duration::from_secs(4), pending()).await;
        }
        stop.counted("four", Duration::from_secs(4), pending())
            .await;
        let left = BUDGET.saturating_sub(stop.began.elapsed());
        assert!(left + GRACE >= LAST, "{left:?} for the last ones");
        let names = |left: &str| vec![left.to_owned()];
        stop.last("storage", STORAGE, pending()).await;
        stop.last("tasks", TASKS, async { names("a task") }).await;
        assert!(stop.began.elapsed() <= BUDGET + 2 * GRACE);
        assert_eq!(
            stop.undone,
            ["one", "two", "three", "four", "storage", "tasks"]
        );
        assert!(stop.report().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stage_is_done_when_nothing_is_left_of_it() {
        let mut stop = StageRunner::within(BUDGET);
        stop.stage("one", Duration::from_secs(1), async {}).await;
        stop.counted("two", Duration::from_secs(1), async { 0 })
            .await;
        stop.last("tasks", TASKS, async { Vec::new() }).await;
        assert!(stop.report().is_ok());
        let mut stop = StageRunner::within(BUDGET);
        stop.counted("two", Duration::from_secs(1), async { 3 })
            .await;
        assert!(stop.report().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn storage_keeps_its_share_of_the_smallest_budget() {
        let mut stop = StageRunner::within(Duration::from_millis(100));
        stop.stage("one", Duration::from_secs(1), pending()).await;
        let storage = tokio::time::sleep(STORAGE);
        stop.last("storage", STORAGE, async {
            storage.await;
            Vec::new()
        })
        .await;
        assert!(
            !stop.undone.contains(&"storage".to_owned()),
            "{:?}",
            stop.undone
        );
        assert!(stop.began.elapsed() <= longest(Duration::from_millis(100)));
    }
}
