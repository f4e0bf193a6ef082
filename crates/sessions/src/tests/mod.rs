//! Tests of sessions on a real bus and a real database.

mod accounts;
mod directory;
mod ending;
mod guests;
mod identities;
pub(crate) mod manual_clock;
mod people;
mod presence;
mod profiles;
mod quotas;
mod recorder;
mod service_accounts;
mod tokens;
mod upgrades;
mod world;
