//! The kill -9 trial: people talk at full speed, the server is killed at random moments and
//! started again.

use crate::crowd::{Crowd, CrowdReport, People};
use crate::store::Store;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

/// How hard.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// People, each with one connection.
    pub clients: usize,
    /// Rooms; each person is in about half of them.
    pub rooms: usize,
    /// Unacknowledged sends of each person.
    pub window: usize,
    /// SIGKILLs.
    pub kills: usize,
    /// The longest time between a start and the next kill.
    pub alive_ms: u64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct KillReport {
    /// SIGKILLs.
    pub kills: usize,
    /// What people met with.
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

/// Runs the trial on a new store and judges it.
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
        figures: crowd.disperse(store).await,
    }
}
