//! The process's tasks, by the crate they work for.

use super::{Figures, Sheet};
use bus::{TaskInfo, TaskState, Tasks};
use std::collections::BTreeMap;
use std::fmt;

pub(super) struct TaskFigures(pub(super) Tasks);

impl Figures for TaskFigures {
    fn write(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let list = self.0.list();
        let mut standing = BTreeMap::<_, u64>::new();
        for task in &list {
            *standing.entry((task.owner, state(task))).or_default() += 1;
        }
        let rows = standing
            .into_iter()
            .map(|((owner, state), n)| ([("owner", owner), ("state", state)], n));
        sheet.gauges("tasks", "Live tasks by the crate they work for", rows)?;
        let restarts = self.0.restarts().into_iter();
        let rows = restarts.map(|(owner, n)| ([("owner", owner)], n));
        let help = "Tasks that failed and came back, and failed turns of timers";
        sheet.counters("task_restarts", help, rows)
    }
}

fn state(task: &TaskInfo) -> &'static str {
    match task.state {
        TaskState::Running => "running",
        TaskState::Waiting => "waiting",
        TaskState::Stopping => "stopping",
    }
}
