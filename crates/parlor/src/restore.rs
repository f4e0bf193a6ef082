//! `parlor restore`: replaces the embedded store by a backup and gives it a new epoch.

use crate::config::Config;
use crate::exit::Failure;
use crate::{new_epoch, progress, schema};
use std::path::Path;
use storage::backup::Restore;

/// Restores a database from a file and prints where the previous store is kept.
pub(crate) async fn restore(config: &Config, database: &str, file: &Path) -> Result<(), Failure> {
    let restore = Restore::new(&schema::named(config, database)?, file)?;
    let line = || format!("checking and copying {}", file.display());
    let restored = progress::show_while(line, restore.run()).await?;
    println!(
        "restored from {}; {}",
        file.display(),
        new_epoch::meaning(database, &restored.epoch)
    );
    if let Some(kept) = restored.kept {
        println!("the previous store is kept as {}", kept.display());
    }
    Ok(())
}
