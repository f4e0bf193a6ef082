//! `parlor migrate`: the schemas of all databases, brought up to date.

use crate::config::Config;
use crate::exit::Failure;
use crate::schema;
use storage::Registry;

/// Migrates each database and says what was done.
pub(crate) async fn migrate(config: &Config) -> Result<(), Failure> {
    for database in schema::databases(config)? {
        let name = database.name.clone();
        let done = Registry::migrate(database).await?;
        if done.is_empty() {
            println!("{name}: up to date");
        } else {
            println!("{name}: {}", done.join(", "));
        }
    }
    Ok(())
}
