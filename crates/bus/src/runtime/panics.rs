//! Turns panics of other crates' code into values.
//!
//! The code that catches a panic logs it once, under its trace. The process's panic hook runs
//! before that: it asks [`is_caught`] and then logs nothing. Only the hook knows the location, so
//! it is kept for the catching code.

use futures_util::FutureExt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::pin;

thread_local! {
    /// How many nested catches surround the code running on this thread.
    static CATCH_DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The location of the panic that is about to be caught.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic inside is returned as its message and location. The caller must discard
/// whatever state the work was changing.
pub async fn caught<F: Future>(work: F) -> Result<F::Output, String> {
    let mut work = pin!(work);
    let guarded = std::future::poll_fn(|cx| {
        let _guard = CatchGuard::enter();
        work.as_mut().poll(cx)
    });
    AssertUnwindSafe(guarded)
        .catch_unwind()
        .await
        .map_err(|panic| message(panic.as_ref()))
}

/// Like [`caught`], for work that does not wait.
pub fn caught_now<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let _guard = CatchGuard::enter();
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(panic.as_ref()))
}

/// For the process's panic hook: whether this panic will be caught and logged under its trace.
#[must_use]
pub fn is_caught(panic: &PanicHookInfo<'_>) -> bool {
    let caught = CATCH_DEPTH.get() > 0;
    if caught {
        LOCATION.set(panic.location().map(ToString::to_string));
    }
    caught
}

/// Returns the message and location of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("without a message");
    match LOCATION.take() {
        Some(location) => format!("panicked: {text} ({location})"),
        None => format!("panicked: {text}"),
    }
}

/// Marks the code running on this thread as caught, until dropped.
pub(crate) struct CatchGuard;

impl CatchGuard {
    pub(crate) fn enter() -> Self {
        CATCH_DEPTH.set(CATCH_DEPTH.get() + 1);
        Self
    }
}

impl Drop for CatchGuard {
    fn drop(&mut self) {
        CATCH_DEPTH.set(CATCH_DEPTH.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caught_panic_has_its_location_and_is_not_logged_by_the_hook() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_caught(panic) {
                usual(panic);
            }
        }));
        let result: Result<(), String> = caught(async { panic!("a bug") }).await;
        let error = result.unwrap_err();
        assert!(error.starts_with("panicked: a bug ("), "{error}");
        assert!(error.contains("panics.rs:"), "{error}");
        assert_eq!(CATCH_DEPTH.get(), 0, "no catch is left");
        assert_eq!(caught(async { 7 }).await, Ok(7));
    }
}
