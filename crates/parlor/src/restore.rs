//! `parlor restore`: a backup in the place of the embedded store, with a new epoch.

use crate::config::Config;
use crate::exit::Failure;
use crate::{progress, schema};
use std::path::Path;
use storage::backup::Restore;

/// Restores `core` from a file, and says where the store of before is kept.
pub(crate) async fn restore(config: &Config, file: &Path) -> Result<(), Failure> {
    let restore = Restore::new(&schema::core(config)?, file)?;
    let line = || format!("checking and copying {}", file.display());
    let restored = progress::shown(line, restore.run()).await?;
    println!(
        "restored from {}; the new epoch is {}, all clients begin anew",
        file.display(),
        restored.epoch
    );
    if let Some(kept) = restored.kept {
        println!("the store of before is kept as {}", kept.display());
    }
    Ok(())
}
