//! `parlor backup`: a consistent copy of the embedded store, also while a server serves it.

use crate::config::Config;
use crate::exit::Failure;
use crate::progress::{self, mib};
use crate::{schema, signals};
use anyhow::Context as _;
use std::path::Path;
use storage::backup::{BackupError, FileCopy};

/// Copies `core` into a new file. Broken off by a signal, it leaves nothing behind.
pub(crate) async fn backup(config: &Config, file: &Path) -> Result<(), Failure> {
    let copy = FileCopy::new(&schema::core(config)?, file)?;
    let progress = copy.progress();
    let line = || {
        let (done, about) = (mib(progress.bytes()), mib(progress.bytes_about()));
        format!("{done} of about {about} MiB")
    };
    let copying = progress::shown(line, tokio::task::spawn_blocking(move || copy.run()));
    let copied: Result<u64, BackupError> = tokio::select! {
        copied = copying => copied.context("the copying has panicked")?,
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
