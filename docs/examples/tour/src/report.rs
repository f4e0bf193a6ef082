//! A task: says in the log now and then how many people are online.

use crate::figures::Figures;
use crate::settings::Settings;
use parlor::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(crate) struct Report(pub(crate) Arc<Figures>);

impl Task for Report {
    async fn run(&self, cx: &Cx) -> anyhow::Result<()> {
        let mut every = tokio::time::interval(cx.settings::<Settings>().report);
        loop {
            every.tick().await;
            tracing::info!(online = self.0.online.load(Relaxed), "people are online");
        }
    }
}
