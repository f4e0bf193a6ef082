//! The operator's action `rebuild`: what a follower made of the logs is made anew.

use super::Inbox;
use bus::{Acting, OperatorActions};
use std::sync::Arc;

/// Adds `POST /NAME/rebuild` to the actions that the extension has itself.
pub(crate) struct RebuildAction {
    pub(crate) extension: &'static str,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) own: Option<Arc<dyn OperatorActions>>,
}

impl OperatorActions for RebuildAction {
    fn name(&self) -> &'static str {
        self.extension
    }

    fn act(&self, path: &str) -> Option<Acting> {
        if path != "rebuild" {
            return self.own.as_ref()?.act(path);
        }
        self.inbox.request_rebuild();
        // How far it is, `/health/NAME` shows.
        Some(Box::pin(async {
            Ok(r#"{"status":"requested"}"#.to_owned())
        }))
    }
}
