//! Why the bus does not start, and why a subscriber cannot be loaded.

/// A mistake in the wiring, found before anything runs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WiringError {
    /// Two event or request types have the same name.
    #[error("two types have the name {0}")]
    DuplicateName(&'static str),
    /// Two subscribers have the same name.
    #[error("two subscribers have the name {0}")]
    DuplicateSubscriber(&'static str),
    /// Two subscribers or readers answer the same request.
    #[error("{0} has two answerers")]
    TwoAnswerers(&'static str),
    /// Nothing answers a request that was declared with [`Builder::asks`](crate::Builder::asks).
    #[error("{0} has no answerer")]
    NoAnswerer(&'static str),
}

/// Why the bus did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The wiring has a mistake.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// An essential subscriber could not be loaded.
    #[error("cannot load the subscriber {subscriber}: {error}")]
    Load {
        /// The subscriber's [`NAME`](crate::Subscriber::NAME).
        subscriber: &'static str,
        /// The error of its `load`.
        error: LoadError,
    },
}

/// Why a subscriber could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its database is unreachable. Retried with back-off until it succeeds, except when an
    /// essential subscriber is loaded at the start.
    #[error("storage is unavailable: {0:#}")]
    Away(anyhow::Error),
    /// Anything else. Three within a minute stop the server if the subscriber is essential.
    #[error("loading failed: {0:#}")]
    Broken(anyhow::Error),
}
