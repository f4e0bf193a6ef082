//! `parlor new-epoch`: needed after a restore by other means than `parlor restore`.

use crate::config::Config;
use crate::exit::Failure;
use crate::schema;

/// Gives a database a new epoch while no server runs.
pub(crate) async fn new_epoch(config: &Config, database: &str) -> Result<(), Failure> {
    let epoch = storage::backup::new_epoch(&schema::named(config, database)?).await?;
    println!("{}", meaning(database, &epoch));
    Ok(())
}

/// Returns what a new epoch of this database means.
pub(crate) fn meaning(database: &str, epoch: &str) -> String {
    let new = format!("the new epoch is {epoch}");
    match database {
        "core" => format!("{new}; all clients discard their cursors and reload"),
        _ => new,
    }
}
