//! An ordered request in its answerer's queue.

use crate::metrics::Moment;
use crate::{AskError, Origin, Reply, Request};
use std::any::Any;
use tokio::time::Instant;

/// A request and its reply channel.
pub(crate) struct Call<R: Request> {
    pub(crate) request: R,
    pub(crate) reply: Reply<R::Answer>,
    pub(crate) at: Moment,
}

/// A type-erased [`Call`]: a queue holds requests of all types.
pub(crate) trait AnyCall: Send {
    fn name(&self) -> &'static str;
    fn origin(&self) -> &Origin;
    fn at(&self) -> Moment;
    /// Whether its caller has stopped waiting, so that it need not be handled.
    fn is_expired(&self, now: Instant) -> bool;
    fn fail(self: Box<Self>, error: AskError);
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

impl<R: Request> AnyCall for Call<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn origin(&self) -> &Origin {
        self.reply.origin()
    }

    fn at(&self) -> Moment {
        self.at
    }

    fn is_expired(&self, now: Instant) -> bool {
        self.reply.is_expired(now)
    }

    fn fail(self: Box<Self>, error: AskError) {
        self.reply.fail(error);
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
