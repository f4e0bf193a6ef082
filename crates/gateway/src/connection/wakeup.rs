//! What wakes a connection's task from outside: rung at any time, heard once.
//!
//! It keeps no state in the waiting future, unlike a `Notify`: ten thousand idle connections wait.

use futures_util::task::AtomicWaker;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

#[derive(Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    ear: AtomicWaker,
}

impl Bell {
    /// Wakes whoever waits, or else whoever waits next.
    pub(crate) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.ear.wake();
    }

    /// Ready once after it was rung. One task waits at a time: the one that polled last.
    pub(crate) fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.ear.register(cx.waker());
        // After registering: a ring in between is seen here or wakes.
        if self.rung.swap(false, Ordering::AcqRel) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bell;
    use futures_util::FutureExt as _;
    use std::future::poll_fn;

    fn heard(bell: &Bell) -> bool {
        poll_fn(|cx| bell.poll_heard(cx)).now_or_never().is_some()
    }

    #[test]
    fn a_ring_before_the_waiting_is_heard_once() {
        let bell = Bell::default();
        assert!(!heard(&bell));
        bell.ring();
        bell.ring();
        assert!(heard(&bell));
        assert!(!heard(&bell));
    }

    #[tokio::test]
    async fn a_ring_wakes_whoever_waits() {
        let bell = Bell::default();
        let waiting = poll_fn(|cx| bell.poll_heard(cx));
        let ringing = async { bell.ring() };
        tokio::join!(biased; waiting, ringing);
    }
}
