//! Going behind whatever else is ready on the same thread.

use std::future::poll_fn;
use std::task::Poll;

/// Lets those tasks go first that are ready on this thread. tokio's own `yield_now` looks at the
/// sockets as well, which costs a system call each time.
pub async fn give_way() {
    let mut given = false;
    poll_fn(|cx| {
        if given {
            return Poll::Ready(());
        }
        given = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
