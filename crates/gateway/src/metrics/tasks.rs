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
        let mut restarts = BTreeMap::<_, u64>::new();
        for task in &list {
            *standing.entry((task.owner, state(task))).or_default() += 1;
            *restarts.entry(task.owner).or_default() += task.restarts;
        }
        let rows = standing
            .into_iter()
            .map(|((owner, state), n)| ([("owner", owner), ("state", state)], n));
        sheet.gauges("tasks", "Live tasks by the crate they work for", rows)?;
        let rows = restarts
            .into_iter()
            .map(|(owner, n)| ([("owner", owner)], n));
        let help =
            "Failures so far of the tasks that are alive: restarts, and failed turns of timers";
        sheet.gauges("task_restarts", help, rows)
    }
}

fn state(task: &TaskInfo) -> &'static str {
    match task.state {
        TaskState::Running => "running",
        TaskState::Waiting => "waiting",
        TaskState::Stopping => "stopping",
    }
}
