//! `parlor migrate`: migrates the schemas of all databases.

use crate::config::Config;
use crate::exit::Failure;
use crate::schema;
use storage::Registry;

/// Migrates each database and prints the migrations that it ran.
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
