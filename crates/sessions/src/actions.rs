//! Account actions for the operator of a running server.

use crate::api::operator::{ClearProfile, EraseAccount, GrantAdmin};
use crate::deps::Deps;
use bus::{ActError, Acting, OperatorActions};
use futures_util::FutureExt as _;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use storage::Database;
use storage::prelude::*;

/// The time limit of an action's write.
const WITHIN: Duration = Duration::from_secs(10);
/// What an action on accounts says of a guest's name, too.
const NO_ACCOUNT: &str = "no account has this name";
const NOBODY: &str = "no account or guest has this name";

/// Returns the actions `POST /accounts/{name}/grant-admin`, `/delete` and `/clear-profile` of the operator's
/// listener.
#[must_use]
pub fn actions(deps: &Deps) -> Arc<dyn OperatorActions> {
    Arc::new(AccountActions(deps.database.clone()))
}

struct AccountActions(Database);

impl OperatorActions for AccountActions {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn act(&self, path: &str) -> Option<Acting> {
        let (name, action) = path.split_once('/')?;
        let (name, database) = (name.to_owned(), self.0.clone());
        match action {
            "grant-admin" => {
                Some(write(database, "grant_admin", GrantAdmin { name }, NO_ACCOUNT).boxed())
            }
            "delete" => Some(write(database, "delete", EraseAccount { name }, NO_ACCOUNT).boxed()),
            "clear-profile" => {
                Some(write(database, "clear_profile", ClearProfile { name }, NOBODY).boxed())
            }
            _ => None,
        }
    }
}

async fn write<J>(
    database: Database,
    action: &'static str,
    job: J,
    unknown: &'static str,
) -> Result<String, ActError>
where
    J: Job<Answer = bool, Refusal = Infallible>,
{
    tracing::warn!(action, "running an account action for the operator");
    match database.write(job, WITHIN).await {
        Ok(Ok(true)) => Ok(r#"{"status":"done"}"#.to_owned()),
        Ok(Ok(false)) => Err(ActError::Unknown(unknown.into())),
        Err(error) => Err(ActError::Failed(error.to_string())),
    }
}
