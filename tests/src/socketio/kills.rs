//! The kill -9 trial with Socket.IO clients beside native ones, in the same rooms.

use super::talker::Talker;
use crate::chaos::Plan;
use crate::crowd::{Crowd, CrowdReport, People};
use crate::settings::Settings;
use crate::store::Store;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Entries that a return may have missed in a room.
const REPLAY_MAX: &str = "10000";

/// The result of the trial.
#[derive(Debug, Default, Clone)]
pub struct SocketIoReport {
    /// Number of SIGKILLs.
    pub kills: usize,
    /// What the native clients experienced, and what the check of all entries found.
    pub native: CrowdReport,
    /// Distinct messages of the Socket.IO clients.
    pub sent: usize,
    /// How many of them were acknowledged.
    pub acked: usize,
    /// Sends that were repeated.
    pub repeated: usize,
    /// Acknowledged messages that are missing from their place in the log.
    pub lost: usize,
    /// Returns of a client with everything it had missed.
    pub recovered: usize,
    /// Other returns.
    pub not_recovered: usize,
}

impl SocketIoReport {
    /// Checks that nobody of either kind missed or doubled anything.
    ///
    /// # Panics
    /// If somebody did, or if a Socket.IO client returned without what it had missed.
    pub fn kept_its_word(&self) {
        let native = &self.native;
        let wrong = (self.lost, native.lost, native.doubled, native.gaps);
        assert_eq!(wrong, (0, 0, 0, 0), "{self}");
        assert_eq!(
            (self.acked, native.acked),
            (self.sent, native.sent),
            "{self}"
        );
        assert_eq!(self.not_recovered, 0, "every return is a recovery: {self}");
    }
}

impl fmt::Display for SocketIoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { native, .. } = self;
        write!(
            f,
            "kills {}; Socket.IO: sent {}, acked {}, repeated {}, recovered {}, not recovered {}, lost {}; \
             native: sent {}, acked {}, lost {}; entries {}, doubled {}, gaps {}",
            self.kills,
            self.sent,
            self.acked,
            self.repeated,
            self.recovered,
            self.not_recovered,
            self.lost,
            native.sent,
            native.acked,
            native.lost,
            native.entries,
            native.doubled,
            native.gaps,
        )
    }
}

/// Runs the trial on a new store: `plan.clients` clients of each kind.
pub async fn kills_of_socketio(store: &Store, plan: Plan) -> SocketIoReport {
    // On a busy machine more than the usual 1,000 entries come to a room while its people are away: then a return
    // is, rightly, no recovery.
    let server = store
        .serve(Settings::default().with("PARLOR_REPLAY_MAX", REPLAY_MAX))
        .await;
    let people = People {
        clients: plan.clients,
        rooms: plan.rooms,
        window: plan.window,
        through: None,
    };
    let crowd = Crowd::gather(&server, people).await;
    let (stop, stopped) = watch::channel(false);
    let mut entering = JoinSet::new();
    for number in 0..plan.clients {
        let rooms = (number % 2..plan.rooms).step_by(2);
        let rooms = rooms.map(|room| format!("chaos-{room}")).collect();
        entering.spawn(Talker::enter(server.clone(), number, rooms));
    }
    // A kill before that would prove nothing.
    let mut talkers = JoinSet::new();
    for talker in entering.join_all().await {
        talkers.spawn(talker.talk(plan.window, stopped.clone()));
    }
    for _ in 0..plan.kills {
        crowd.busy().await;
        let alive = rand::random_range(0..plan.alive_ms);
        tokio::time::sleep(Duration::from_millis(alive)).await;
        server.crash().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.send_replace(true);
    let mut talkers = talkers.join_all().await;
    // Its check compares what all clients of the store saw with the log, so the natives end last.
    let mut report = SocketIoReport {
        kills: plan.kills,
        native: crowd.finish(store).await,
        ..SocketIoReport::default()
    };
    let heads: BTreeMap<String, i64> = (0..plan.rooms)
        .map(|room| format!("chaos-{room}"))
        .map(|room| {
            let head = store.seen(&room).keys().max().copied();
            (room, head.unwrap_or_default())
        })
        .collect();
    for talker in &mut talkers {
        talker.catch_up(&heads).await;
        report.sent += talker.sent;
        report.acked += talker.acked.len();
        report.repeated += talker.repeated;
        report.recovered += talker.recovered;
        report.not_recovered += talker.not_recovered;
        report.lost += talker.lost(|room| store.seen(room));
    }
    report
}
