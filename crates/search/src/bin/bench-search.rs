//! `just bench-search`: how fast the index is, and how large, on one database.

use clap::Parser as _;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    search::bench::run(search::bench::BenchOptions::parse()).await
}
