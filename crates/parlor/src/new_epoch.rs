//! `parlor new-epoch`: needed after a restore by other means than `parlor restore`.

use crate::config::Config;
use crate::exit::Failure;
use crate::schema;

/// Gives `core` a new epoch while no server runs.
pub(crate) async fn new_epoch(config: &Config) -> Result<(), Failure> {
    let epoch = storage::backup::new_epoch(&schema::core(config)?).await?;
    println!("the new epoch is {epoch}; all clients discard their cursors and reload");
    Ok(())
}
