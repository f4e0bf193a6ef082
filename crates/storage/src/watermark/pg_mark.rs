//! The mark of a store on PostgreSQL, by which a store that went back is noticed, whoever put it
//! back and however.
//!
//! It is a row of `storage_meta` that only Parlor writes, and it names the transaction that wrote
//! it. PostgreSQL itself keeps that in every row (`xmin`), and a dump does not contain it: in a row
//! that was loaded from a dump the two differ. The row also names its database, which a copy by
//! template does not share, and a count, which grows at each start, every few seconds while
//! somebody writes, and at the stop. The count is written to a file outside the server too, so that
//! a whole cluster that was put back from a snapshot of its disk is noticed as well.
//!
//! `VACUUM FULL`, `pg_upgrade`, a failover and a crash leave the row as it is. Each new connection
//! checks it before anyone uses it, so a store that is put back under a running server is noticed
//! too.

mod mark_row;

use super::mark::Mark;
use crate::DatabaseConfig;
use diesel::QueryResult;
use diesel_async::{
    AnsiTransactionManager as Transaction, AsyncPgConnection, TransactionManager as _,
};
use mark_row::MarkRow;
use parking_lot::{Mutex, MutexGuard};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known about the mark of one store besides what is in the store.
pub(crate) struct PgMark {
    database: String,
    file: Option<PathBuf>,
    /// The highest count seen, and its epoch. Never ahead of what is committed.
    known: Mutex<Option<Mark>>,
    /// Held while counting: several connections are opened at once, and the file has one writer at
    /// a time.
    counting: tokio::sync::Mutex<()>,
    /// Whether this start has been counted.
    counted: AtomicBool,
    /// Whether a failure to write the file was logged.
    unwritable: AtomicBool,
}

/// How the mark fits the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// The store continues from where it was.
    Well,
    /// The store has no mark yet, or one from before `pg_upgrade`.
    Unmarked,
    /// The store is older data, or a copy of it; says why.
    WentBack(&'static str),
}

impl PgMark {
    /// Reads the file outside. Blocks for a moment.
    pub(crate) fn of(config: &DatabaseConfig) -> Arc<Self> {
        let file = config.mark_file.clone();
        Arc::new(Self {
            database: config.name.clone(),
            known: Mutex::new(file.as_deref().and_then(Mark::read)),
            file,
            counting: tokio::sync::Mutex::default(),
            counted: AtomicBool::new(false),
            unwritable: AtomicBool::new(false),
        })
    }

    /// Checks the store before this connection is used, and gives it a new epoch if it went back.
    pub(crate) async fn check(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        let _counting = self.counting.lock().await;
        let found = mark_row::read(connection).await?;
        let starts = !AtomicBool::load(&self.counted, Ordering::Acquire);
        let fit = self.fit(&found, "");
        if !starts && fit == Fit::Well {
            return Ok(());
        }
        match self.count_in_turn(connection).await {
            Ok(()) => self.counted.store(true, Ordering::Release),
            // Nobody must go on under the old epoch.
            Err(error) if matches!(fit, Fit::WentBack(_)) => return Err(error),
            // Nothing can be written, but reads are served.
            Err(error) => {
                tracing::warn!(database = %self.database, %error, "could not write the mark");
            }
        }
        Ok(())
    }

    /// Counts on, so that an older store lacks what is committed now. Gives a store that went back
    /// a new epoch.
    pub(crate) async fn count(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        let _counting = self.counting.lock().await;
        self.count_in_turn(connection).await
    }

    async fn count_in_turn(&self, connection: &mut AsyncPgConnection) -> QueryResult<()> {
        let system = mark_row::system(connection).await;
        Transaction::begin_transaction_sql(connection, "BEGIN").await?;
        match self.counted_on(connection, &system).await {
            Ok((now, went_back)) => {
                Transaction::commit_transaction(connection).await?;
                if let Some(why) = went_back {
                    let (database, epoch) = (&self.database, &now.epoch);
                    tracing::warn!(
                        %database,
                        %epoch,
                        "{why}; gave it a new epoch, so clients start over"
                    );
                }
                self.remember(now).await;
                Ok(())
            }
            Err(error) => {
                let _ = Transaction::rollback_transaction(connection).await;
                Err(error)
            }
        }
    }

    /// Returns the new mark, and why the epoch is new if it is. Runs inside the transaction.
    async fn counted_on(
        &self,
        connection: &mut AsyncPgConnection,
        system: &str,
    ) -> QueryResult<(Mark, Option<&'static str>)> {
        mark_row::lock(connection).await?;
        let found = mark_row::read(connection).await?;
        let count = self.count_after(&found);
        let (epoch, why) = match self.fit(&found, system) {
            Fit::WentBack(why) => (
                super::renew_epoch::renew_postgres(connection).await?,
                Some(why),
            ),
            Fit::Well | Fit::Unmarked => (found.epoch.clone(), None),
        };
        mark_row::write(connection, count, found.database, system).await?;
        Ok((
            Mark {
                epoch,
                rowid: count,
            },
            why,
        ))
    }

    /// Returns a count higher than the store's and than the known one.
    fn count_after(&self, found: &MarkRow) -> i64 {
        let known = self.known().as_ref().map_or(0, |known| known.rowid);
        let own = found.parsed().and_then(|mark| mark["count"].as_i64());
        known.max(own.unwrap_or(0)) + 1
    }

    /// Compares the mark with the store. Without the current `system` a store that was upgraded may
    /// look as if it went back.
    fn fit(&self, found: &MarkRow, system: &str) -> Fit {
        let known = self.known();
        let known = known.as_ref().filter(|known| known.epoch == found.epoch);
        let Some(mark) = found.parsed() else {
            return match known {
                Some(_) => Fit::WentBack("the store has lost its mark"),
                None => Fit::Unmarked,
            };
        };
        let wrote = mark["transaction"]
            .as_i64()
            .map(|wrote| wrote & 0xffff_ffff);
        if wrote != found.xmin {
            return Fit::WentBack("the store was loaded from a dump");
        }
        if known.is_some_and(|known| mark["count"].as_i64() < Some(known.rowid)) {
            return Fit::WentBack("the store is older than what was last served");
        }
        if mark["database"].as_i64() == Some(found.database) {
            return Fit::Well;
        }
        let was = mark["system"].as_str().unwrap_or_default();
        if !was.is_empty() && !system.is_empty() && was != system {
            return Fit::Unmarked;
        }
        Fit::WentBack("the store is a copy of another database")
    }

    /// Writes the file outside. If that fails, the store is served all the same.
    async fn remember(&self, now: Mark) {
        *self.known() = Some(now.clone());
        let Some(file) = self.file.clone() else {
            return;
        };
        let named = file.display().to_string();
        let written = tokio::task::spawn_blocking(move || {
            if let Some(directory) = file.parent() {
                std::fs::create_dir_all(directory)?;
            }
            now.write(&file)
        });
        if let Ok(Err(error)) = written.await
            && !self.unwritable.swap(true, Ordering::AcqRel)
        {
            let (database, file) = (&self.database, named);
            tracing::warn!(
                %database, %file, %error,
                "could not write the mark file outside the database; without it nobody notices a \
                 whole server that is put back from a snapshot"
            );
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<Mark>> {
        self.known.lock()
    }
}

/// Gives the store a new epoch on the operator's request, with a mark that fits it.
pub(crate) async fn renew_with_mark(connection: &mut AsyncPgConnection) -> QueryResult<String> {
    let system = mark_row::system(connection).await;
    Transaction::begin_transaction_sql(connection, "BEGIN").await?;
    let renewed = async {
        mark_row::lock(connection).await?;
        let found = mark_row::read(connection).await?;
        let count = found.parsed().and_then(|mark| mark["count"].as_i64());
        mark_row::write(connection, count.unwrap_or(0) + 1, found.database, &system).await?;
        super::renew_epoch::renew_postgres(connection).await
    };
    let renewed = renewed.await;
    match renewed {
        Ok(epoch) => Transaction::commit_transaction(connection)
            .await
            .map(|()| epoch),
        Err(error) => {
            let _ = Transaction::rollback_transaction(connection).await;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::mark_row::MarkRow;
    use super::{Fit, PgMark};
    use crate::watermark::Mark;
    use parking_lot::Mutex;
    use serde_json::json;

    fn knowing(known: Option<(&str, i64)>) -> PgMark {
        PgMark {
            database: "core".to_owned(),
            file: None,
            known: Mutex::new(known.map(|(epoch, rowid)| Mark {
                epoch: epoch.to_owned(),
                rowid,
            })),
            counting: tokio::sync::Mutex::default(),
            counted: false.into(),
            unwritable: false.into(),
        }
    }

    /// Written by transaction 2^32 + 7, count 5, in database 16 of system `s`.
    fn found(xmin: i64, database: i64) -> MarkRow {
        let mark =
            json!({"transaction": 4_294_967_303_i64, "count": 5, "database": 16, "system": "s"});
        MarkRow {
            epoch: "e".to_owned(),
            mark: Some(mark.to_string()),
            xmin: Some(xmin),
            database,
        }
    }

    #[test]
    fn a_store_that_goes_on_fits_its_mark() {
        for known in [None, Some(("e", 4)), Some(("e", 5)), Some(("another", 900))] {
            assert_eq!(knowing(known).fit(&found(7, 16), "s"), Fit::Well);
        }
    }

    #[test]
    fn a_dump_a_template_and_a_snapshot_have_gone_back() {
        let went_back = |fit: Fit| matches!(fit, Fit::WentBack(_));
        assert!(went_back(knowing(None).fit(&found(8, 16), "s")));
        assert!(went_back(knowing(None).fit(&found(7, 17), "s")));
        assert!(went_back(knowing(Some(("e", 6))).fit(&found(7, 16), "s")));
        let unmarked = MarkRow {
            mark: None,
            xmin: None,
            ..found(7, 16)
        };
        assert!(went_back(knowing(Some(("e", 1))).fit(&unmarked, "s")));
        assert_eq!(knowing(None).fit(&unmarked, "s"), Fit::Unmarked);
    }

    #[test]
    fn an_upgraded_cluster_has_another_system_and_perhaps_other_databases() {
        assert_eq!(
            knowing(Some(("e", 5))).fit(&found(7, 17), "t"),
            Fit::Unmarked
        );
        assert_eq!(knowing(None).fit(&found(7, 16), "t"), Fit::Well);
    }
}
