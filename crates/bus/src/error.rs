//! Why the bus does not start, and why a subscriber cannot be loaded.

/// A mistake in how the bus was put together; found before anything runs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WiringError {
    /// Two types of event or request with one name.
    #[error("the name {0} is taken by two types")]
    DuplicateName(&'static str),
    /// Two subscribers with one name.
    #[error("two subscribers are called {0}")]
    DuplicateSubscriber(&'static str),
    /// Two answerers of one request.
    #[error("{0} has two answerers")]
    TwoAnswerers(&'static str),
    /// A request that someone will ask and nobody answers.
    #[error("{0} has no answerer")]
    NoAnswerer(&'static str),
}

/// Why the bus did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Put together wrongly.
    #[error(transparent)]
    Wiring(#[from] WiringError),
    /// An essential subscriber could not be loaded.
    #[error("{subscriber}: {error}")]
    Load {
        /// Which.
        subscriber: &'static str,
        /// Why.
        error: LoadError,
    },
}

/// Why a subscriber could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Its database is away: tried again with back-off for as long as it takes.
    #[error("storage is away: {0:#}")]
    Away(anyhow::Error),
    /// Anything else: three times within a minute stop the server, if the subscriber is essential.
    #[error("cannot load: {0:#}")]
    Broken(anyhow::Error),
}
