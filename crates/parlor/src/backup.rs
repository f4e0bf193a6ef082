//! `parlor backup`: a consistent copy of the embedded store, also while a server serves it.

use crate::config::Config;
use crate::exit::Failure;
use crate::progress::{self, mib};
use crate::{schema, signals};
use anyhow::Context as _;
use std::path::Path;
use std::time::Duration;
use storage::backup::{BackupError, FileCopy, Progress};

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Waits until it is.
async fn log_is_too_long(progress: &Progress) {
    while !progress.log_is_too_long() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Copies `core` into a new file. Broken off by a signal, it leaves nothing behind.
pub(crate) async fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    let copy = FileCopy::new(&schema::core(config)?, file)?;
    let progress = copy.progress();
    let its = progress.clone();
    let line = || {
        let (done, about) = (mib(progress.bytes()), mib(progress.bytes_about()));
        format!("{done} of about {about} MiB")
    };
    let copying = progress::shown(line, tokio::task::spawn_blocking(move || copy.run()));
    let copied: Result<u64, BackupError> = tokio::select! {
        copied = copying => copied.context("the copying has panicked")?,
        () = log_is_too_long(&its) => {
            progress.give_up();
            eprintln!(
                "parlor: the backup stopped and kept nothing: people wrote 1 GiB meanwhile, and the \
                 log of the store holds all of it until the copy ends; try at a quieter time or \
                 copy to a faster disk"
            );
            std::process::exit(1);
        }
        signal = signals::any() => {
            signal?;
            progress.give_up();
            eprintln!("parlor: broken off; nothing was kept");
            // A copy that runs on a thread of its own cannot be cancelled.
            std::process::exit(1);
        }
    };
    println!("{}: {} MiB, checked", file.display(), mib(copied?));
    Ok(())
}
