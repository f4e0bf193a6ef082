//! Copying all contents of one database into another of either kind.
//!
//! A list of [`KnownTable`]s is all it knows about the contents of core, and it refuses to begin if the
//! list and the schema differ. Of any other database it copies the tables that the migrations create,
//! as both ends describe them, and refuses to begin if it cannot carry one of their types. Rows travel as JSON arrays in pages; each page is committed together with
//! how far the copy is, so a copy that is broken off continues there. Until every row has been read
//! back and compared, the target is marked as unfinished and no server opens it.
//!
//! Neither database may be served meanwhile: what people wrote into the source after the copy would
//! be lost with it. So the locks of both are held from the beginning to the end, and checked once
//! more before the target is finished.

mod carried;
mod catalog;
mod copied_table;
mod copy_state;
mod discovery;
mod endpoint;
mod error;
mod sql;
mod sums;
mod table;
mod transfer_progress;
mod unfinished;

pub use error::TransferError;
pub use table::{Column, Holds, KnownTable, Stored};
pub use transfer_progress::TransferProgress;

pub(crate) use unfinished::refuse_unfinished;

use crate::lock::StoreLock;
use crate::{DatabaseConfig, migrate};
use copied_table::CopiedTable;
use copy_state::{CopyPosition, CopyState};
use discovery::discover;
use endpoint::Endpoint;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows of one page: one statement, one commit.
const PAGE: usize = 500;

/// A copy that has not been made yet.
pub struct Transfer {
    /// The source: read, and left as it is except for its migrations.
    pub from: DatabaseConfig,
    /// The target: must be empty, or the unfinished copy of the same source.
    pub to: DatabaseConfig,
    /// What to copy.
    pub tables: TableList,
}

/// Which tables a copy consists of. Storage's own are never among them: what they say is true of
/// one store alone.
pub enum TableList {
    /// These, each after those that it refers to.
    Known(Vec<KnownTable>),
    /// Those that the migrations of the database create.
    OfMigrations,
}

/// What was copied and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The rows of all tables.
    pub rows: u64,
    /// The groups of rows (rooms) that were compared one by one.
    pub groups: usize,
}

impl Transfer {
    /// Copies, compares, and finishes the target.
    pub async fn run(self, tally: TransferProgress) -> Result<Copied, TransferError> {
        if self.from.url == self.to.url && self.from.schema == self.to.schema {
            return Err(TransferError::Same);
        }
        let mut source = StoreLock::take_for("copy", &self.from).await?;
        let mut target = StoreLock::take_for("copy", &self.to).await?;
        // Afterwards both have the schema of this program, which the list of tables fits.
        migrate::migrate(&self.from).await?;
        let mut from = Endpoint::open(&self.from).await?;
        let read = tokio::task::spawn_blocking(move || from.epoch().map(|epoch| (from, epoch)));
        let (from, epoch) = read
            .await
            .map_err(|panic| TransferError::Bug(panic.to_string()))??;
        migrate::migrate_with(&self.to, CopyState::mark_new(&epoch)).await?;
        let own = match self.tables {
            TableList::Known(_) => BTreeSet::new(),
            TableList::OfMigrations => migrate::own_tables(&self.to).await?,
        };
        let run = Run {
            from,
            to: Endpoint::open(&self.to).await?,
            list: self.tables,
            own,
            source: epoch,
            tables: Arc::default(),
            tally,
        };
        let (run, copied) = on_its_thread(run, Run::all).await?;
        if let Some(lock) = &mut source {
            lock.confirm(&self.from).await?;
        }
        if let Some(lock) = &mut target {
            lock.confirm(&self.to).await?;
        }
        on_its_thread(run, |run| run.to.finish(&run.tables)).await?;
        Ok(copied)
    }
}

async fn on_its_thread<T: Send + 'static>(
    mut run: Run,
    step: impl FnOnce(&mut Run) -> Result<T, TransferError> + Send + 'static,
) -> Result<(Run, T), TransferError> {
    let running = tokio::task::spawn_blocking(move || {
        let done = step(&mut run)?;
        Ok((run, done))
    });
    running
        .await
        .map_err(|panic| TransferError::Bug(panic.to_string()))?
}

/// Both ends, open. All methods block.
struct Run {
    from: Endpoint,
    to: Endpoint,
    list: TableList,
    /// The tables that the migrations create.
    own: BTreeSet<String>,
    /// The epoch of the source.
    source: String,
    tables: Arc<[CopiedTable]>,
    tally: TransferProgress,
}

impl Run {
    /// Copies and compares; does not finish the target.
    fn all(&mut self) -> Result<Copied, TransferError> {
        // One snapshot until the end, whatever happens despite the locks.
        self.from.begin_snapshot()?;
        self.tables = self.listed()?.into();
        let source = self.source.clone();
        let state = unfinished::state_of(&mut self.to, &source, &self.tables)?;
        let expected = self.rows_expected()?;
        self.tally.expect(expected);
        for table in Arc::clone(&self.tables).iter() {
            self.copy(table, &source, &state)?;
        }
        self.compare()
    }

    fn listed(&mut self) -> Result<Vec<CopiedTable>, TransferError> {
        match &self.list {
            TableList::Known(tables) => {
                let tables: Vec<CopiedTable> = tables.iter().map(CopiedTable::from).collect();
                self.from.check_list(&tables)?;
                self.to.check_list(&tables)?;
                Ok(tables)
            }
            TableList::OfMigrations => discover(&mut self.from, &mut self.to, &self.own),
        }
    }

    fn rows_expected(&mut self) -> Result<u64, TransferError> {
        let mut rows = 0;
        for table in Arc::clone(&self.tables).iter() {
            rows += self.from.count(table)?;
        }
        // Each row is read back.
        Ok(rows * 2)
    }

    fn copy(
        &mut self,
        table: &CopiedTable,
        source: &str,
        state: &CopyState,
    ) -> Result<(), TransferError> {
        let mut after = match state.place_in(table) {
            CopyPosition::Start => None,
            CopyPosition::After(key) => Some(key),
            CopyPosition::End => {
                self.tally.add(self.to.count(table)?);
                return Ok(());
            }
        };
        if after.is_some() {
            self.tally.add(self.to.count(table)?);
        }
        loop {
            let page = self.from.page(table, after.as_deref(), PAGE)?;
            let Some(key) = page.last_key() else {
                return Ok(());
            };
            self.to
                .add(table, &page, &CopyState::after(source, table, key))?;
            self.tally.add(page.len() as u64);
            after = Some(key.to_owned());
        }
    }

    /// Reads all rows of both ends again and compares them.
    fn compare(&mut self) -> Result<Copied, TransferError> {
        let mut copied = Copied { rows: 0, groups: 0 };
        for table in Arc::clone(&self.tables).iter() {
            let (from, to) = (&mut self.from, &mut self.to);
            let wanted = sums::of(from, table, PAGE, |_| {})?;
            let found = sums::of(to, table, PAGE, |rows| self.tally.add(rows))?;
            wanted.same_as(&found, table)?;
            copied.rows += found.rows();
            copied.groups = copied.groups.max(found.groups());
        }
        Ok(copied)
    }
}
