//! Extensions that loop, block their thread or panic wherever the server calls them.

use crate::parts::Parts;
use bus::{ActError, Acting, OperatorActions};
use parlor::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::marker::PhantomData;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How an extension misbehaves.
pub(crate) trait Misdeed: Send + Sync + 'static {
    const EXTENSION: &'static str;
    const SUBSCRIBER: &'static str;
    const READ: &'static str;
    const WRITE: &'static str;

    /// Does it.
    fn commit();
}

/// Loops for ever, and never awaits.
pub(crate) struct Loops;

impl Misdeed for Loops {
    const EXTENSION: &'static str = "loops";
    const SUBSCRIBER: &'static str = "loops.handler";
    const READ: &'static str = "loops.read";
    const WRITE: &'static str = "loops.write";

    fn commit() {
        let mut number = 0_u64;
        loop {
            number = std::hint::black_box(number.wrapping_add(1));
        }
    }
}

/// Blocks its thread for ever.
pub(crate) struct Blocks;

impl Misdeed for Blocks {
    const EXTENSION: &'static str = "blocks";
    const SUBSCRIBER: &'static str = "blocks.handler";
    const READ: &'static str = "blocks.read";
    const WRITE: &'static str = "blocks.write";

    fn commit() {
        loop {
            thread::sleep(Duration::from_secs(60));
        }
    }
}

/// Panics.
pub(crate) struct Panics;

impl Misdeed for Panics {
    const EXTENSION: &'static str = "panics";
    const SUBSCRIBER: &'static str = "panics.handler";
    const READ: &'static str = "panics.read";
    const WRITE: &'static str = "panics.write";

    fn commit() {
        panic!("as it was told to");
    }
}

/// Returns an extension that does this in the parts that its settings name.
pub(crate) fn extension<M: Misdeed>() -> Extension {
    Extension::new(M::EXTENSION)
        .off_by_default()
        .settings::<Parts>()
        .follows(|cx| Everywhere::<M>::of(cx))
        .subscribes::<Handler<M>>(|cx| {
            let everywhere = Everywhere::<M>::of(cx);
            everywhere.at("make");
            everywhere
        })
        .reads::<Read<M>, _>(Rights::Anyone, |cx| Everywhere::<M>::of(cx))
        .writes::<Write<M>, _>(Rights::Anyone, |cx| Everywhere::<M>::of(cx))
        .serves(Mount::Prefix, |cx| Everywhere::<M>::of(cx))
        .shows(|cx| Everywhere::<M>::of(cx))
        .runs("task", |cx| Everywhere::<M>::of(cx))
}

/// Misbehaves in the parts that the settings name.
pub(crate) struct Everywhere<M> {
    parts: Arc<Parts>,
    misdeed: PhantomData<M>,
}

impl<M> Clone for Everywhere<M> {
    fn clone(&self) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
            misdeed: PhantomData,
        }
    }
}

impl<M: Misdeed> Everywhere<M> {
    fn of(cx: &Cx) -> Self {
        Self {
            parts: cx.settings::<Parts>(),
            misdeed: PhantomData,
        }
    }

    fn at(&self, part: &str) {
        if self.parts.include(part) {
            M::commit();
        }
    }
}

/// Handles what happens live.
pub(crate) struct Handler<M>(Everywhere<M>);

impl<M: Misdeed> Subscriber for Handler<M> {
    const NAME: &'static str = M::SUBSCRIBER;
    type Kind = Isolated;
    type Deps = Everywhere<M>;

    async fn load(everywhere: &Everywhere<M>) -> Result<Self, LoadError> {
        everywhere.at("load");
        Ok(Self(everywhere.clone()))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<PresenceChanged>();
    }
}

impl<M: Misdeed> Handles<PresenceChanged> for Handler<M> {
    fn handle(&mut self, _: &Arc<PresenceChanged>, _: &mut Context) {
        self.0.at("handler");
    }
}

impl<M: Misdeed> Follower for Everywhere<M> {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn act(&self, _: &Page, _: &Cx) -> anyhow::Result<()> {
        self.at("act");
        Ok(())
    }

    async fn apply(&self, _: &Page, _: &mut Writer<'_>) -> Result<(), Fault> {
        self.at("apply");
        Ok(())
    }

    async fn reset(&self, _: &mut Writer<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// `x.NAME.read`.
#[derive(Deserialize)]
pub(crate) struct Read<M> {
    #[serde(skip)]
    misdeed: PhantomData<M>,
}

/// `x.NAME.write`.
#[derive(Deserialize)]
pub(crate) struct Write<M> {
    #[serde(skip)]
    misdeed: PhantomData<M>,
}

impl<M: Misdeed> Command for Read<M> {
    const NAME: &'static str = M::READ;
    type Answer = Value;
}

impl<M: Misdeed> Command for Write<M> {
    const NAME: &'static str = M::WRITE;
    type Answer = Value;
}

impl<M: Misdeed> Respond<Read<M>> for Everywhere<M> {
    async fn respond(&self, asked: Asked<Read<M>>, _: &Cx) -> Result<Value, Declined> {
        let Read {
            misdeed: PhantomData,
        } = asked.command;
        self.at("respond");
        Ok(json!({}))
    }
}

impl<M: Misdeed> Respond<Write<M>> for Everywhere<M> {
    async fn respond(&self, asked: Asked<Write<M>>, _: &Cx) -> Result<Value, Declined> {
        let Write {
            misdeed: PhantomData,
        } = asked.command;
        self.at("respond");
        Ok(json!({}))
    }
}

impl<M: Misdeed> Serve for Everywhere<M> {
    async fn serve(&self, _: HttpRequest, _: &Cx) -> HttpResponse {
        self.at("http");
        HttpResponse::new("served\n".into())
    }
}

impl<M: Misdeed> Task for Everywhere<M> {
    async fn run(&self, _: &Cx) -> anyhow::Result<()> {
        self.at("task");
        Ok(())
    }
}

impl<M: Misdeed> View for Everywhere<M> {
    fn figures(&self) -> Value {
        self.at("view");
        json!({ "well": true })
    }

    fn metrics(&self) -> Vec<Metric> {
        let about = "Whether its view answers";
        let value = MetricValue::Gauge(1.0);
        vec![Metric {
            name: "well",
            about,
            value,
        }]
    }

    fn actions(&self) -> Option<Arc<dyn OperatorActions>> {
        Some(Arc::new(self.clone()))
    }
}

impl<M: Misdeed> OperatorActions for Everywhere<M> {
    fn name(&self) -> &'static str {
        M::EXTENSION
    }

    fn act(&self, path: &str) -> Option<Acting> {
        self.at("action");
        let done: Result<String, ActError> = Ok("{}".to_owned());
        (path == "act").then(|| Box::pin(async { done }) as Acting)
    }
}
