//! What wakes a connection's task from outside: rung at any time, heard once.
//!
//! It keeps no state in the waiting future, unlike a `Notify`: ten thousand idle connections wait.

use futures_util::task::AtomicWaker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

#[derive(Default)]
pub(crate) struct Wakeup {
    woken: AtomicBool,
    waker: AtomicWaker,
}

impl Wakeup {
    /// Wakes whoever waits, or else whoever waits next.
    pub(crate) fn wake(&self) {
        self.woken.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Ready once after it was rung. One task waits at a time: the one that polled last.
    pub(crate) fn poll_woken(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        // After registering: a ring in between is seen here or wakes.
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

    fn heard(wakeup: &Wakeup) -> bool {
        poll_fn(|cx| wakeup.poll_woken(cx)).now_or_never().is_some()
    }

    #[test]
    fn a_ring_before_the_waiting_is_heard_once() {
        let wakeup = Wakeup::default();
        assert!(!heard(&wakeup));
        wakeup.wake();
        wakeup.wake();
        assert!(heard(&wakeup));
        assert!(!heard(&wakeup));
    }

    #[tokio::test]
    async fn a_ring_wakes_whoever_waits() {
        let wakeup = Wakeup::default();
        let waiting = poll_fn(|cx| wakeup.poll_woken(cx));
        let ringing = async { wakeup.wake() };
        tokio::join!(biased; waiting, ringing);
    }
}
