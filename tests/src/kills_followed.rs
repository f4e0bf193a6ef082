//! The kill -9 trial with followers: whatever moment a kill hits, every entry is applied once.

use crate::chaos::Plan;
use crate::client::Client;
use crate::crowd::{Crowd, People};
use crate::followed::{Followed, followed_to_the_end, tallied_within};
use crate::server::Server;
use crate::settings::Settings;
use crate::store::Store;
use serde_json::json;
use std::fmt;
use std::time::Duration;

/// Room in which messages are changed, and repeated by `echo`.
const ROOM: &str = "echoes";

/// Longest time until everything is followed, after people have stopped.
const PATIENCE: Duration = Duration::from_secs(600);

/// The result of the trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedReport {
    /// Number of SIGKILLs.
    pub kills: usize,
    /// Entries of all logs.
    pub entries: i64,
    /// How many of them were heard live.
    pub heard: i64,
    /// Entries that were not applied, or more than once.
    pub wrong: i64,
    /// Messages that `echo` was to repeat.
    pub asked: i64,
    /// Messages of `echo`.
    pub echoed: i64,
}

impl fmt::Display for FollowedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "kills {}, entries {} ({} heard live): wrong {}; to repeat {}, repeated {}",
            self.kills, self.entries, self.heard, self.wrong, self.asked, self.echoed
        )
    }
}

/// Runs the trial on a new store: people chat, edit, react and delete, and the server is killed and
/// restarted at random moments.
pub async fn kills_followed(store: &Store, plan: Plan) -> FollowedReport {
    let server = store.serve(Settings::default().followers()).await;
    let people = People {
        clients: plan.clients,
        rooms: plan.rooms,
        window: plan.window,
        through: None,
    };
    let crowd = Crowd::gather(&server, people).await;
    let mut editor = server.account("editor").await;
    editor.open(ROOM).await;
    for _ in 0..plan.kills {
        crowd.busy().await;
        let alive = Duration::from_millis(rand::random_range(0..plan.alive_ms));
        // It is cut off wherever it is.
        let _ = tokio::time::timeout(alive, edits(&mut editor)).await;
        let token = editor.token();
        editor.vanish();
        server.crash().await;
        editor = server.hello(json!({"token": token})).await;
    }
    crowd.finish(store).await;
    report(store, &server, plan.kills).await
}

async fn report(store: &Store, server: &Server, kills: usize) -> FollowedReport {
    // What `echo` says is followed by the others.
    followed_to_the_end(server, &["echo", "latest"]).await;
    tallied_within(PATIENCE, store, server).await;
    let mut followed = Followed::of(store).await;
    let (missing, beyond) = followed.differences().await;
    let core = followed.core();
    let all = format!("SELECT count(*) AS count FROM {core}.entries");
    let entries = followed.number(&all).await;
    let heard = "SELECT count(*) AS count FROM tally.applied WHERE was_heard";
    let heard = followed.number(heard).await;
    let messages = |body: &str| {
        format!(
            "SELECT count(*) AS count FROM {core}.entries e JOIN {core}.users u ON u.id = e.author_id
                WHERE e.cid IS NOT NULL AND {body}"
        )
    };
    let asked = followed.number(&messages("e.body LIKE 'echo %'")).await;
    let echoed = followed.number(&messages("u.name = 'echo'")).await;
    FollowedReport {
        kills,
        entries,
        heard,
        wrong: missing + beyond,
        asked,
        echoed,
    }
}

/// Sends messages without end, some for `echo`, and changes them in every way.
async fn edits(client: &mut Client) {
    for number in 0.. {
        let echo = if number % 4 == 0 { "echo " } else { "" };
        let said = client.say(ROOM, &format!("{echo}word {number}")).await;
        let target = json!({"room": ROOM, "target": said["seq"]});
        let mut react = target.clone();
        react["emoji"] = json!("👍");
        react["on"] = json!(true);
        client.ok("react", react).await;
        if number % 4 == 1 {
            let mut edit = target.clone();
            edit["body"] = json!("another word");
            client.ok("edit", edit).await;
        }
        if number % 4 == 2 {
            client.ok("delete", target).await;
        }
    }
}
