//! Measures the index with many messages: how fast it is written, how large it is, how long a search takes.
//!
//! Rooms are indexed one after another, as when the index is built anew, although people talked in all of
//! them at the same time: the order that costs most.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

mod corpus;
mod queries;

use crate::follower::Changes;
use bus::{Builder, Settings, Tasks};
use corpus::Corpus;
use queries::Asker;
use rooms::api::Entry;
use std::convert::Infallible;
use std::time::{Duration, Instant};
use storage::prelude::*;
use storage::{Backend, Database, DatabaseConfig, PostgresUrl, Registry, Url};
use tokio_util::sync::CancellationToken;

/// How many messages the follower reads at once, and writes in one transaction.
const PAGE: usize = 500;
const PAGES_AT_ONCE: usize = 4;

/// The time limit of one write.
const WITHIN: Duration = Duration::from_secs(60);

/// What to measure.
#[derive(Debug, clap::Parser)]
pub struct BenchOptions {
    /// An empty PostgreSQL database; without it, a SQLite file in a temporary folder.
    #[arg(long)]
    postgres: Option<String>,
    /// The number of messages.
    #[arg(long, default_value_t = 1_000_000)]
    messages: usize,
    /// The number of searches of each kind.
    #[arg(long, default_value_t = 200)]
    searches: usize,
}

/// Fills an index and prints the figures.
pub async fn run(options: BenchOptions) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("search.db");
    let url = match &options.postgres {
        Some(url) => Url::Postgres(PostgresUrl::parse(url)?),
        None => Url::Sqlite(file.clone()),
    };
    let tasks = Tasks::new(CancellationToken::new());
    let mut builder = Builder::new(Settings::default(), &tasks);
    storage::wire(&mut builder);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let migrations = crate::extension().migrations().expect("it has a database");
    let config = DatabaseConfig::new("search", url, migrations);
    let database = registry.open(config).await?;
    let running = builder.start().await?;

    let corpus = Corpus::new(options.messages);
    fill(&database, &corpus).await?;
    settle(&database).await?;
    println!(
        "size: {:.0} bytes a message",
        size(&database).await? / corpus.messages() as f64
    );
    for (name, asker) in Asker::all(&corpus) {
        asker.measure(&database, name, options.searches).await?;
    }

    registry.close(Duration::from_secs(10)).await;
    running.stop(Duration::from_secs(1)).await;
    Ok(())
}

async fn fill(database: &Database, corpus: &Corpus) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut inside = Duration::ZERO;
    let mut waiting = Vec::new();
    for page in corpus.pages(PAGE) {
        waiting.push(page);
        if waiting.len() == PAGES_AT_ONCE {
            inside += write(database, std::mem::take(&mut waiting)).await?;
        }
    }
    inside += write(database, waiting).await?;
    let (all, rate) = (
        began.elapsed(),
        corpus.messages() as f64 / inside.as_secs_f64(),
    );
    println!(
        "filled: {} messages in {all:.0?}, {rate:.0} a second while writing",
        corpus.messages()
    );
    Ok(())
}

async fn write(database: &Database, pages: Vec<Vec<Entry>>) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let Ok(()) = database.write(WritePages(pages), WITHIN).await?;
    Ok(began.elapsed())
}

/// Writes pages as the follower does.
struct WritePages(Vec<Vec<Entry>>);

impl Job for WritePages {
    const NAME: &'static str = "search.bench";
    type Answer = ();
    type Refusal = Infallible;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        for page in &self.0 {
            let Some(first) = page.first() else { continue };
            let mut changes = Changes::default();
            page.iter().for_each(|entry| changes.add(entry));
            changes.write(first.room, tx).await?;
        }
        Ok(())
    }
}

/// Does what a database does by itself within minutes.
struct Settle;

impl Job for Settle {
    const NAME: &'static str = "search.bench_settle";
    type Answer = ();
    type Refusal = Infallible;
    const STATES: bool = false;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        if tx.backend() == Backend::Postgres {
            statement!(tx, |c| diesel::sql_query("ANALYZE messages").execute(c))
                .map_err(Fault::from)?;
        }
        Ok(())
    }
}

async fn settle(database: &Database) -> anyhow::Result<()> {
    let Ok(()) = database.write(Settle, WITHIN).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    bytes: i64,
}

/// Returns the size of the whole database, in bytes.
async fn size(database: &Database) -> anyhow::Result<f64> {
    let read = database.read("search.bench_size", |reader| {
        Box::pin(async move {
            let text = match reader.backend() {
                Backend::Sqlite => {
                    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"
                }
                Backend::Postgres => "SELECT pg_total_relation_size('messages') AS bytes",
            };
            Ok(query!(reader, |c| diesel::sql_query(text).get_result::<Size>(c))?.bytes)
        })
    });
    Ok(read.await? as f64)
}
