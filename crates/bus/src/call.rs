//! An ordered request on its way through its answerer's queue.

use crate::metrics::Moment;
use crate::{AskError, Origin, Reply, Request};
use std::any::Any;
use tokio::time::Instant;

/// A request and the way back, of one type.
pub(crate) struct Call<R: Request> {
    pub(crate) request: R,
    pub(crate) reply: Reply<R::Answer>,
    pub(crate) at: Moment,
}

/// The same with its type forgotten: a queue holds all kinds.
pub(crate) trait AnyCall: Send {
    fn name(&self) -> &'static str;
    fn origin(&self) -> &Origin;
    fn at(&self) -> Moment;
    /// True when it need not be handled any more.
    fn lapsed(&self, now: Instant) -> bool;
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

    fn lapsed(&self, now: Instant) -> bool {
        self.reply.lapsed(now)
    }

    fn fail(self: Box<Self>, error: AskError) {
        self.reply.fail(error);
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
