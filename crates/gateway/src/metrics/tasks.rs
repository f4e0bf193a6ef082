//! Metrics of the process's tasks, by owning crate.

use super::{MetricsSource, MetricsWriter};
use bus::{TaskInfo, TaskState, Tasks};
use std::collections::BTreeMap;
use std::fmt;

pub(super) struct TaskSource(pub(super) Tasks);

impl MetricsSource for TaskSource {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let list = self.0.list();
        let mut counts = BTreeMap::<_, u64>::new();
        for task in &list {
            *counts.entry((task.owner, state(task))).or_default() += 1;
        }
        let rows = counts
            .into_iter()
            .map(|((owner, state), n)| ([("owner", owner), ("state", state)], n));
        writer.gauges("tasks", "Live tasks by owning crate and state", rows)?;
        let restarts = self.0.restarts().into_iter();
        let rows = restarts.map(|(owner, n)| ([("owner", owner)], n));
        let help = "Restarts of failed tasks, and failed runs of timers";
        writer.counters("task_restarts", help, rows)
    }
}

fn state(task: &TaskInfo) -> &'static str {
    match task.state {
        TaskState::Running => "running",
        TaskState::Waiting => "waiting",
        TaskState::Stopping => "stopping",
    }
}
