//! How a request reaches its answerer, and how its caller waits.

use crate::call::Call;
use crate::credits::Credits;
use crate::entrance::{Bounds, Entrance};
use crate::in_task::in_task;
use crate::metrics::Moment;
use crate::reader::Reader;
use crate::routing::{Answerer, HandlerRef};
use crate::shared::{ESSENTIAL, Shared};
use crate::{AskError, Origin, Request, TraceId, reply};
use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The retry hint for a request before the bus has started.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Shared {
    /// Sends a request to the answerer of `R` and waits at most `within`.
    pub(crate) async fn ask<R: Request>(
        self: &Arc<Self>,
        entrance: &Entrance,
        request: R,
        trace: TraceId,
        within: Duration,
    ) -> Result<R::Answer, AskError> {
        if self.is_draining() || entrance.is_closed() {
            return Err(AskError::Draining);
        }
        if let Ok(subscriber) = ESSENTIAL.try_with(|name| *name) {
            tracing::error!(subscriber, request = R::NAME, %trace, "refused a request: an essential subscriber must not ask while it loads");
            return Err(AskError::Failed);
        }
        let deadline = Instant::now() + within;
        let Some(routing) = self.routing.get() else {
            return Err(AskError::Unavailable {
                retry_after: RETRY_AFTER,
            });
        };
        match routing.answerers.get(&TypeId::of::<R>()) {
            Some(Answerer::Concurrent(reader)) => match entrance.bounds() {
                None => reader.ask(request, trace, deadline).await,
                Some(bounds) => {
                    let read = self.read_in_task(entrance, bounds, request, trace, deadline);
                    // Boxed, so that everybody else's future stays small.
                    Box::pin(read).await
                }
            },
            Some(Answerer::Ordered(handler)) => {
                self.ask_ordered(entrance, handler, request, trace, deadline)
                    .await
            }
            None => {
                tracing::error!(request = R::NAME, %trace, "refused a request: nothing answers it");
                Err(AskError::Failed)
            }
        }
    }

    /// Reads in a task of its own, which holds the caller's credit until it ends. Cancelled when the
    /// caller stops waiting.
    async fn read_in_task<R: Request>(
        self: &Arc<Self>,
        entrance: &Entrance,
        bounds: &Bounds,
        request: R,
        trace: TraceId,
        deadline: Instant,
    ) -> Result<R::Answer, AskError> {
        let credits = entrance.enter_by(deadline).await?;
        let shared = Arc::clone(self);
        let read = async move {
            let _credits = credits;
            match shared.reader::<R>() {
                Some(reader) => reader.ask(request, trace, deadline).await,
                None => Err(AskError::Failed),
            }
        };
        let answer = in_task(&bounds.tasks, (bounds.name, R::NAME), read).await;
        answer.unwrap_or(Err(AskError::Draining))
    }

    fn reader<R: Request>(&self) -> Option<&Reader> {
        match self.routing.get()?.answerers.get(&TypeId::of::<R>())? {
            Answerer::Concurrent(reader) => Some(reader),
            Answerer::Ordered(_) => None,
        }
    }

    async fn ask_ordered<R: Request>(
        &self,
        entrance: &Entrance,
        handler: &HandlerRef,
        request: R,
        trace: TraceId,
        deadline: Instant,
    ) -> Result<R::Answer, AskError> {
        // Requests to an isolated subscriber hold no credits, so that it holds up nobody. A caller with
        // bounds keeps its own while it waits.
        let mut waiting = None;
        let credits = if self.inbox(handler.subscriber).essential {
            entrance.enter_by(deadline).await?
        } else {
            if entrance.bounds().is_some() {
                waiting = Some(entrance.enter_by(deadline).await?);
            }
            Credits::none()
        };
        let (reply, receiver) = reply::channel(Origin::outside(trace, credits), deadline);
        let call = Box::new(Call {
            request,
            reply,
            at: Moment::since(self.start()),
        });
        let pushed = self.log().request(
            handler.subscriber,
            handler.handler,
            call,
            self.settings.ring,
        );
        match pushed {
            Ok(deferred) => self.run_deferred(deferred),
            Err((_, error)) => return Err(error),
        }
        let answer = receiver.wait().await;
        drop(waiting);
        answer
    }
}
