//! The future that is spawned: the work, its entry in the list, and a catch for its panics.

use super::record::Entry;
use crate::runtime::panics::{CatchGuard, message};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Fields drop in this order: a task leaves the list only after its work is dropped.
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
            let _guard = CatchGuard::enter();
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
