//! Compares what the extensions of the server `followers` applied with the logs, by SQL.

use crate::database::Sql;
use crate::server::Server;
use crate::store::{Kind, Store};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longest time until everything is followed.
const EXACT: Duration = Duration::from_secs(60);

/// How often in a row nothing waits, 20 ms apart: what is committed is heard a little later.
const QUIET: usize = 15;

/// The databases `tally` and `latest` beside core.
pub struct Followed {
    sql: Sql,
    core: &'static str,
}

impl Followed {
    /// Opens them. A server of this store must have run.
    pub async fn of(store: &Store) -> Self {
        let mut sql = store.sql().await;
        if store.kind() == Kind::Sqlite {
            for name in ["tally", "latest"] {
                let file = store.folder().join(format!("{name}.db"));
                sql.run(&format!("ATTACH '{}' AS {name}", file.display()))
                    .await;
            }
            return Self { sql, core: "main" };
        }
        Self {
            sql,
            core: "public",
        }
    }

    /// Returns the schema of core's tables.
    #[must_use]
    pub fn core(&self) -> &'static str {
        self.core
    }

    /// Returns the column `count` of a query.
    pub async fn number(&mut self, query: &str) -> i64 {
        self.sql.number(query).await
    }

    /// Returns the number of entries that `tally` has applied.
    pub async fn applied(&mut self) -> i64 {
        self.number("SELECT count(*) AS count FROM tally.applied")
            .await
    }

    /// Returns how many entries of all logs `tally` has not applied, and how many it applied that are in
    /// none: retention may have deleted those.
    pub async fn differences(&mut self) -> (i64, i64) {
        let core = self.core;
        let missing = format!(
            "SELECT count(*) AS count FROM {core}.entries e LEFT JOIN tally.applied a
                ON a.room_id = e.room_id AND a.seq = e.seq WHERE a.seq IS NULL"
        );
        let beyond = format!(
            "SELECT count(*) AS count FROM tally.applied a LEFT JOIN {core}.entries e
                ON a.room_id = e.room_id AND a.seq = e.seq WHERE e.seq IS NULL"
        );
        (self.number(&missing).await, self.number(&beyond).await)
    }

    /// Checks that the counts of `tally` are those of what it applied, and that its kinds are the log's.
    pub async fn assert_counts(&mut self) {
        let core = self.core;
        let wrong = "SELECT count(*) AS count FROM tally.counts c WHERE c.entries <>
            (SELECT count(*) FROM tally.applied a WHERE a.room_id = c.room_id AND a.kind = c.kind)";
        assert_eq!(self.number(wrong).await, 0, "every count is exact");
        let counted = "SELECT CAST(coalesce(sum(entries), 0) AS BIGINT) AS count FROM tally.counts";
        let (counted, applied) = (self.number(counted).await, self.applied().await);
        assert_eq!(counted, applied, "everything is counted");
        let confused = format!(
            "SELECT count(*) AS count FROM tally.applied a JOIN {core}.entries e
                ON a.room_id = e.room_id AND a.seq = e.seq
                WHERE (a.kind = 'message') <> (e.cid IS NOT NULL)"
        );
        assert_eq!(self.number(&confused).await, 0, "messages are messages");
    }
}

/// Waits until the followers of these extensions have begun and are at the ends of all logs, and returns
/// the page of the first.
pub async fn followed_to_the_end(server: &Server, extensions: &[&str]) -> Value {
    let mut pages = Vec::new();
    for name in extensions {
        pages.push(at_the_end(server, name).await);
    }
    pages.swap_remove(0)
}

async fn at_the_end(server: &Server, name: &str) -> Value {
    let began = Instant::now();
    let mut quiet = 0;
    loop {
        let page = server.operator().get(&format!("/health/{name}")).await.ok();
        let follower = &page["follower"];
        let is_quiet = follower["following"] == true && follower["behind"] == 0;
        quiet = if is_quiet { quiet + 1 } else { 0 };
        if quiet > QUIET {
            return page;
        }
        assert!(began.elapsed() < EXACT, "{name} does not catch up: {page}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until `tally` has applied exactly the entries of all logs, each once, and counted them.
pub async fn tallied(store: &Store, server: &Server) {
    tallied_within(EXACT, store, server).await;
}

/// Like [`tallied`], with another time limit.
pub(crate) async fn tallied_within(limit: Duration, store: &Store, server: &Server) {
    let began = Instant::now();
    at_the_end(server, "tally").await;
    let mut followed = Followed::of(store).await;
    loop {
        let differences = followed.differences().await;
        if differences == (0, 0) {
            break;
        }
        if began.elapsed() > limit {
            let page = server.operator().get("/health/tally").await.ok();
            panic!("{differences:?} entries are missing and too many: {page}");
        }
        sleep(Duration::from_millis(50)).await;
    }
    followed.assert_counts().await;
}
