//! Panics of other people's code, made into values.
//!
//! Whoever catches a panic tells of it once, under the trace it belongs to. The process's panic
//! hook, which runs before, asks [`is_caught`] and keeps quiet then; the place that only it knows
//! is kept for the one who catches.

use futures_util::FutureExt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::pin::pin;

thread_local! {
    /// How many catchers stand around what runs on this thread.
    static CATCHERS: Cell<u32> = const { Cell::new(0) };
    /// Where the panic happened that is about to be caught.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic inside becomes its message and place. What the work was changing is the
/// caller's to throw away.
pub async fn caught<F: Future>(work: F) -> Result<F::Output, String> {
    let mut work = pin!(work);
    let guarded = std::future::poll_fn(|cx| {
        let _here = Catcher::stand();
        work.as_mut().poll(cx)
    });
    AssertUnwindSafe(guarded)
        .catch_unwind()
        .await
        .map_err(|panic| message(panic.as_ref()))
}

/// For the process's panic hook: true when this panic will be caught and told of, under its trace.
#[must_use]
pub fn is_caught(panic: &PanicHookInfo<'_>) -> bool {
    let caught = CATCHERS.get() > 0;
    if caught {
        PLACE.set(panic.location().map(ToString::to_string));
    }
    caught
}

/// What a panic said, and where.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("without a message");
    match PLACE.take() {
        Some(place) => format!("panicked: {text} ({place})"),
        None => format!("panicked: {text}"),
    }
}

/// Stands around what runs on this thread until dropped.
pub(crate) struct Catcher;

impl Catcher {
    pub(crate) fn stand() -> Self {
        CATCHERS.set(CATCHERS.get() + 1);
        Self
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        CATCHERS.set(CATCHERS.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caught_panic_is_told_with_its_place_and_left_to_who_caught_it() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_caught(panic) {
                usual(panic);
            }
        }));
        let told: Result<(), String> = caught(async { panic!("a bug") }).await;
        let told = told.unwrap_err();
        assert!(told.starts_with("panicked: a bug ("), "{told}");
        assert!(told.contains("panics.rs:"), "{told}");
        assert_eq!(CATCHERS.get(), 0, "nobody stands there any more");
        assert_eq!(caught(async { 7 }).await, Ok(7));
    }
}
