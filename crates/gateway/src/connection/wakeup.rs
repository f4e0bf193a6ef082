//! Wakes a connection's task from other tasks.
//!
//! Unlike a `Notify` it keeps no state in the waiting future: ten thousand idle connections wait.

use futures_util::task::AtomicWaker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

#[derive(Default)]
pub(crate) struct Wakeup {
    woken: AtomicBool,
    waker: AtomicWaker,
}

impl Wakeup {
    /// Wakes the waiting task, or the next one that waits.
    pub(crate) fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Returns ready once per wake-up. Only the task that polled last is woken.
    pub(crate) fn poll_woken(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        // Checked after registering, so that no wake-up in between is lost.
        if self.woken.swap(false, Ordering::AcqRel) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wakeup;
    use futures_util::FutureExt as _;
    use std::future::poll_fn;

    fn is_woken(wakeup: &Wakeup) -> bool {
        poll_fn(|cx| wakeup.poll_woken(cx)).now_or_never().is_some()
    }

    #[test]
    fn a_wake_before_the_wait_is_seen_once() {
        let wakeup = Wakeup::default();
        assert!(!is_woken(&wakeup));
        wakeup.wake();
        wakeup.wake();
        assert!(is_woken(&wakeup));
        assert!(!is_woken(&wakeup));
    }

    #[tokio::test]
    async fn a_wake_reaches_the_waiting_task() {
        let wakeup = Wakeup::default();
        let waiting = poll_fn(|cx| wakeup.poll_woken(cx));
        let waking = async { wakeup.wake() };
        tokio::join!(biased; waiting, waking);
    }
}
