//! `parlor backup`: copies the embedded store consistently, also while a server uses it.

use crate::config::Config;
use crate::exit::Failure;
use crate::progress::{self, mib};
use crate::{schema, signals};
use anyhow::Context as _;
use std::path::Path;
use std::time::Duration;
use storage::backup::{BackupError, FileCopy, Progress};

/// How often the size of the store's log is checked.
const CHECK_EVERY: Duration = Duration::from_millis(500);

/// Waits until the log of the store has grown too long.
async fn log_is_too_long(progress: &Progress) {
    while !progress.log_is_too_long() {
        tokio::time::sleep(CHECK_EVERY).await;
    }
}

/// Copies a database into a new file. After a signal it stops and removes the file.
pub(crate) async fn backup(config: &Config, database: &str, file: &Path) -> Result<(), Failure> {
    let copy = FileCopy::new(&schema::named(config, database)?, file)?;
    let progress = copy.progress();
    let watched = progress.clone();
    let line = || {
        let (done, about) = (mib(progress.bytes()), mib(progress.bytes_about()));
        format!("{done} of about {about} MiB")
    };
    let copying = progress::show_while(line, tokio::task::spawn_blocking(move || copy.run()));
    let copied: Result<u64, BackupError> = tokio::select! {
        copied = copying => copied.context("the copy panicked")?,
        () = log_is_too_long(&watched) => {
            progress.give_up();
            eprintln!(
                "parlor: backup aborted, no file kept: the log of the store grew by 1 GiB, \
                 because it cannot shrink before the copy ends; try again at a quieter time or \
                 copy to a faster disk"
            );
            std::process::exit(1);
        }
        signal = signals::any() => {
            signal?;
            progress.give_up();
            eprintln!("parlor: backup interrupted, no file kept");
            // The copy runs on its own thread and cannot be cancelled.
            std::process::exit(1);
        }
    };
    println!("{}: {} MiB, verified", file.display(), mib(copied?));
    Ok(())
}
