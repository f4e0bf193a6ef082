//! A scripted isolated subscriber, whose handlers may also wait and fail.

use crate::scripted::{ActEvent, ActRequest, Controls, Script};
use crate::world::Pong;
use bus::{
    Answers, AnswersAsync, Context, Event, Handles, HandlesAsync, Isolated, LoadError, Missed,
    Reply, Request, Subscriber, Wiring,
};
use std::future::pending;
use std::sync::Arc;

/// What only a handler that may wait can do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    /// Wait until the test opens the gate.
    Block,
    /// Emit a pong and wait for ever.
    Hang,
    /// Emit a pong and return an error.
    Fail,
}

/// An event that makes [`Detached`] wait.
pub(crate) struct WaitEvent(pub(crate) Wait);

impl Event for WaitEvent {
    const NAME: &'static str = "test.wait";
}

/// The same as a request; the answer is 0.
pub(crate) struct WaitRequest(pub(crate) Wait);

impl Request for WaitRequest {
    const NAME: &'static str = "test.wait_request";
    type Answer = u64;
}

/// An isolated subscriber with a script.
pub(crate) struct Detached(Script);

impl Subscriber for Detached {
    const NAME: &'static str = "detached";
    type Kind = Isolated;
    const TURN_MAX: usize = 4;
    type Deps = Controls;

    async fn load(controls: &Controls) -> Result<Self, LoadError> {
        Script::load(controls).await.map(Self)
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .on::<ActEvent>()
            .answers::<ActRequest>()
            .on_async::<WaitEvent>()
            .answers_async::<WaitRequest>();
    }

    async fn missed(&mut self, missed: Missed, _: &mut Context) -> anyhow::Result<()> {
        let controls = &self.0.controls;
        controls.note(format!("{missed:?}"));
        anyhow::ensure!(!controls.take_missed_fault(), "on purpose");
        Ok(())
    }
}

impl Detached {
    async fn wait(&mut self, wait: Wait, ctx: &mut Context) -> anyhow::Result<()> {
        self.0.controls.note(format!("{wait:?}"));
        match wait {
            Wait::Block => self.0.controls.pass_gate().await,
            Wait::Hang => {
                ctx.emit(Pong(0));
                pending::<()>().await;
            }
            Wait::Fail => {
                ctx.emit(Pong(0));
                anyhow::bail!("on purpose");
            }
        }
        Ok(())
    }
}

impl Handles<ActEvent> for Detached {
    fn handle(&mut self, event: &Arc<ActEvent>, ctx: &mut Context) {
        self.0.act(event.0, ctx);
    }
}

impl Answers<ActRequest> for Detached {
    fn answer(&mut self, request: ActRequest, reply: Reply<u64>, ctx: &mut Context) {
        self.0.answer(request.0, reply, ctx);
    }
}

impl HandlesAsync<WaitEvent> for Detached {
    async fn handle(&mut self, event: &Arc<WaitEvent>, ctx: &mut Context) -> anyhow::Result<()> {
        self.wait(event.0, ctx).await
    }
}

impl AnswersAsync<WaitRequest> for Detached {
    async fn answer(
        &mut self,
        request: WaitRequest,
        reply: Reply<u64>,
        ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.wait(request.0, ctx).await?;
        reply.answer(0);
        Ok(())
    }
}
