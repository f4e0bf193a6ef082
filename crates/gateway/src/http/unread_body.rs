//! Whether a request's body was read to its end. hyper closes a connection whose request was answered
//! before, so the response has to say so: otherwise a proxy would send its next request on it.

use http::Request;
use hyper::body::Body;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The mark of one request; travels in its extensions.
#[derive(Clone)]
pub(super) struct UnreadBody(Arc<AtomicBool>);

impl UnreadBody {
    /// Marks a request that has a body.
    pub(super) fn attach<B: Body>(request: &mut Request<B>) -> Self {
        let has_body = !request.body().is_end_stream();
        let mark = Self(Arc::new(AtomicBool::new(has_body)));
        request.extensions_mut().insert(mark.clone());
        mark
    }

    /// Notes that this request's body was read to its end.
    pub(super) fn was_read(head: &http::request::Parts) {
        if let Some(Self(unread)) = head.extensions.get() {
            unread.store(false, Ordering::Relaxed);
        }
    }

    pub(super) fn is_unread(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
