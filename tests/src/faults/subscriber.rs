//! Trials with a misbehaving subscriber, in a server that is otherwise built like `parlor`.

use crate::faults::report::Report;
use crate::faults::scene::{Scene, Size};
use crate::settings::Settings;
use crate::store::Store;
use anyhow::Context as _;
use std::str::FromStr;
use std::time::Duration;

/// What the subscriber does on each hundredth event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misbehaviour {
    /// It panics.
    Panics,
    /// Its handler never returns.
    Hangs,
    /// It panics and cannot be loaded again.
    Ends,
}

/// How the server depends on the subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// The server stops without it.
    Essential,
    /// The server goes on without it.
    Isolated,
}

impl FromStr for Misbehaviour {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        let all = [Self::Panics, Self::Hangs, Self::Ends];
        let found = all.into_iter().find(|misdeed| misdeed.name() == name);
        found.with_context(|| format!("{name} is no misdeed"))
    }
}

impl Misbehaviour {
    fn name(self) -> &'static str {
        match self {
            Self::Panics => "panics",
            Self::Hangs => "hangs",
            Self::Ends => "ends",
        }
    }
}

/// Returns what the log says if the server stops because of this.
fn stops_the_server(misdeed: Misbehaviour, rank: Rank) -> Option<&'static str> {
    match (misdeed, rank) {
        (Misbehaviour::Ends, Rank::Essential) => Some("stays broken"),
        // A handler that does not return cannot be cut.
        (Misbehaviour::Hangs, Rank::Essential) => Some("is stuck"),
        _ => None,
    }
}

/// Runs people on a server with such a subscriber.
pub async fn misbehaving(
    store: Store,
    size: Size,
    lasting: Duration,
    misdeed: Misbehaviour,
    rank: Rank,
) -> Report {
    let fault = match (misdeed, rank) {
        (Misbehaviour::Panics, Rank::Essential) => {
            "essential subscriber panics on each 100th event"
        }
        (Misbehaviour::Panics, Rank::Isolated) => "isolated subscriber panics on each 100th event",
        (Misbehaviour::Hangs, Rank::Essential) => "essential subscriber hangs on each 100th event",
        (Misbehaviour::Hangs, Rank::Isolated) => "isolated subscriber hangs on each 100th event",
        (Misbehaviour::Ends, Rank::Essential) => "essential subscriber ends",
        (Misbehaviour::Ends, Rank::Isolated) => "isolated subscriber ends",
    };
    let rank_name = match rank {
        Rank::Essential => "essential",
        Rank::Isolated => "isolated",
    };
    let settings = Settings::default()
        .program("faulty")
        .with("FAULTY_DOES", misdeed.name())
        .with("FAULTY_RANK", rank_name);
    let mut scene = Scene::open(&store, fault, size, settings).await;
    let server = scene.server().clone();
    server.expect_panics();
    scene.begins();
    if let Some(why) = stops_the_server(misdeed, rank) {
        // The server stops by itself, and a supervisor restarts it without the misbehaviour.
        server.logged(why).await;
        let exit = server.ended().await;
        assert_eq!(exit.code, Some(1), "{}", exit.lines.join("\n"));
        std::fs::write(store.folder().join("calm"), "").expect("the folder can be written");
        scene.ends_with_a_start().await;
        let report = scene.close().await.kept_its_word();
        return report.lost_some_connections();
    }
    server.logged("faulty").await;
    tokio::time::sleep(lasting).await;
    scene.ends().await;
    let report = scene.close().await.kept_its_word().kept_all_sockets();
    // From here on it behaves, so that the bus becomes quiet; one that has ended never does.
    std::fs::write(store.folder().join("calm"), "").expect("the folder can be written");
    if misdeed == Misbehaviour::Ends {
        server.kill();
    }
    match rank {
        Rank::Essential => report,
        Rank::Isolated => report.disturbed_nobody(),
    }
}
