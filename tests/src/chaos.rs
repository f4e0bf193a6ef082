//! The kill -9 trial: people chat at full speed while the server is killed at random moments and
//! restarted.

use crate::crowd::{Crowd, CrowdReport, People};
use crate::store::Store;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

/// The size of the trial.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of people, each with one connection.
    pub clients: usize,
    /// Number of rooms; each person is in about half of them.
    pub rooms: usize,
    /// Unacknowledged sends of each person.
    pub window: usize,
    /// Number of SIGKILLs.
    pub kills: usize,
    /// The longest time between a start and the next kill.
    pub alive_ms: u64,
}

/// The result of the trial.
#[derive(Debug, Clone)]
pub struct KillReport {
    /// Number of SIGKILLs.
    pub kills: usize,
    /// What people experienced.
    pub figures: CrowdReport,
}

impl Deref for KillReport {
    type Target = CrowdReport;

    fn deref(&self) -> &CrowdReport {
        &self.figures
    }
}

impl fmt::Display for KillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "kills {}, sent {}, acked {}, repeated {} (dup {}), entries {}: lost {}, doubled {}, \
             gaps {}",
            self.kills,
            self.sent,
            self.acked,
            self.repeated,
            self.dups,
            self.entries,
            self.lost,
            self.doubled,
            self.gaps
        )
    }
}

/// Runs the trial on a new store and checks the result.
pub async fn torture(store: &Store, plan: Plan) -> KillReport {
    let server = store.server().await;
    let people = People {
        clients: plan.clients,
        rooms: plan.rooms,
        window: plan.window,
        through: None,
    };
    let crowd = Crowd::gather(&server, people).await;
    for _ in 0..plan.kills {
        crowd.busy().await;
        let alive = rand::random_range(0..plan.alive_ms);
        tokio::time::sleep(Duration::from_millis(alive)).await;
        server.crash().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    KillReport {
        kills: plan.kills,
        figures: crowd.finish(store).await,
    }
}
