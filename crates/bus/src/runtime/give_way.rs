//! A cheap yield.

use std::future::poll_fn;
use std::task::Poll;

/// Lets the other ready tasks of this thread run first. Unlike tokio's `yield_now` it does not poll
/// the sockets, which costs a system call each time.
pub async fn give_way() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
