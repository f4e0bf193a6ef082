//! What is really spawned: the work, its place in the list, and a net for its panics.

use super::record::Entry;
use crate::runtime::panics::{Catcher, message};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Dropped in this order: when the entry has left the list nothing of the work is left.
pub(super) struct Supervised {
    work: BoxFuture<'static, ()>,
    entry: Entry,
}

impl Supervised {
    pub(super) fn new(work: impl Future<Output = ()> + Send + 'static, entry: Entry) -> Self {
        Self {
            work: Box::pin(work),
            entry,
        }
    }
}

impl Future for Supervised {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { work, entry } = &mut *self;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let _here = Catcher::stand();
            work.as_mut().poll(cx)
        }));
        match polled {
            Ok(poll) => poll,
            Err(panic) => {
                let (owner, name) = (entry.record().owner(), entry.record().name());
                let error = message(panic.as_ref());
                tracing::error!(owner, name, error, "a task panicked");
                Poll::Ready(())
            }
        }
    }
}
