//! What sessions may spend over HTTP, between one request and the next.

use crate::{Bucket, Gateway};
use sessions::api::SessionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// After this long unused a bucket is full again: nothing is lost by forgetting it.
const REFILLED: Duration = Duration::from_secs(10);

/// One bucket per session, for as long as it is not full. A cheap handle.
#[derive(Clone, Default)]
pub(super) struct Buckets(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    buckets: HashMap<SessionId, (Arc<Bucket>, Instant)>,
    swept: Option<Instant>,
}

impl Buckets {
    /// The bucket of this session.
    pub(super) fn of(&self, session: SessionId, gateway: &Gateway) -> Arc<Bucket> {
        self.at(session, Instant::now(), || gateway.bucket())
    }

    fn at(
        &self,
        session: SessionId,
        now: Instant,
        full: impl FnOnce() -> Arc<Bucket>,
    ) -> Arc<Bucket> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sweep(now);
        let (bucket, used) = kept.buckets.entry(session).or_insert_with(|| (full(), now));
        *used = now;
        Arc::clone(bucket)
    }
}

impl Kept {
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| now - swept < REFILLED) {
            return;
        }
        self.swept = Some(now);
        self.buckets.retain(|_, (_, used)| now - *used < REFILLED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    #[test]
    fn a_session_keeps_its_bucket_until_it_is_full_again() {
        let buckets = Buckets::default();
        let full = || Arc::new(Bucket::new(&Limits::default()));
        let (one, other) = (SessionId([1; 16]), SessionId([2; 16]));
        let start = Instant::now();
        let first = buckets.at(one, start, full);
        assert!(Arc::ptr_eq(
            &first,
            &buckets.at(one, start + Duration::from_secs(1), full)
        ));
        buckets.at(other, start + REFILLED * 3, full);
        assert_eq!(
            buckets.0.lock().unwrap().buckets.len(),
            1,
            "the first was forgotten"
        );
    }
}
