//! The operator's actions of an extension, on the extension's runtime.

use bus::{ActError, Acting, OperatorActions, Tasks};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long the operator waits for an action, which goes on afterwards.
const WITHIN: Duration = Duration::from_secs(60);

/// Carries out the actions of an extension where they cannot hold the operator's listener.
pub(crate) struct ConfinedActions {
    extension: &'static str,
    actions: Arc<dyn OperatorActions>,
    tasks: Tasks,
}

impl ConfinedActions {
    pub(crate) fn new(
        extension: &'static str,
        actions: Arc<dyn OperatorActions>,
        tasks: Tasks,
    ) -> Self {
        Self {
            extension,
            actions,
            tasks,
        }
    }
}

impl OperatorActions for ConfinedActions {
    fn name(&self) -> &'static str {
        self.extension
    }

    fn act(&self, path: &str) -> Option<Acting> {
        let (actions, path) = (Arc::clone(&self.actions), path.to_owned());
        let (sender, done) = oneshot::channel();
        self.tasks.once(self.extension, "action", async move {
            let result = match actions.act(&path) {
                Some(acting) => acting.await,
                None => Err(ActError::Unknown(format!("there is no action {path}"))),
            };
            // Fails only if the operator has stopped waiting.
            let _ = sender.send(result);
        });
        Some(Box::pin(async {
            match timeout(WITHIN, done).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(ActError::Failed(
                    "it panicked; the log says where".to_owned(),
                )),
                Err(_) => Err(ActError::Failed(
                    "it takes more than 60 s and goes on".to_owned(),
                )),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_util::sync::CancellationToken;

    struct Counts;

    impl OperatorActions for Counts {
        fn name(&self) -> &'static str {
            "counts"
        }

        fn act(&self, path: &str) -> Option<Acting> {
            assert_ne!(path, "panic", "as it should");
            (path == "reset").then(|| Box::pin(async { Ok("{}".to_owned()) }) as Acting)
        }
    }

    #[tokio::test]
    async fn an_action_that_panics_or_is_not_there_is_an_error() {
        let tasks = Tasks::new(CancellationToken::default());
        let actions = ConfinedActions::new("counts", Arc::new(Counts), tasks);
        let act = |path: &str| actions.act(path).unwrap();
        assert_eq!(act("reset").await, Ok("{}".to_owned()));
        assert!(matches!(act("nothing").await, Err(ActError::Unknown(_))));
        assert!(matches!(act("panic").await, Err(ActError::Failed(_))));
    }
}
