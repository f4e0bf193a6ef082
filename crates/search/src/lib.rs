//! Finds messages by their words: the command `search`.
//!
//! An extension that follows the logs of all rooms into an index of its own, in the database `search`: the
//! words of each message, its room, author and time, but no text. What a person may read is decided when they
//! search, by rooms; the texts that an answer shows come from messaging, which decides it once more. Chat
//! does not wait for the index, and the index can be built anew at any time.

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod character;
mod command;
mod document;
mod fold;
mod follower;
mod highlights;
mod index;
mod query;
mod reader;
mod shapes;
mod terms;

use extension::{Extension, Rights, migrations};

/// Returns the extension. It is left out unless the operator asks for it.
#[must_use]
pub fn extension() -> Extension {
    Extension::new("search")
        .off_by_default()
        .database(migrations!(
            "../../migrations/search/sqlite",
            "../../migrations/search/postgres"
        ))
        .follows(|_| follower::Indexer)
        .reads::<command::Search, _>(Rights::Anyone, |_| command::Searcher)
}

#[cfg(test)]
mod tests {
    use parlor::testing::LawOfSnapshots;

    /// The tables in which FTS5 keeps the words: how they are laid out depends on the order of the writes.
    const OF_FTS5: [&str; 5] = [
        "words",
        "words_config",
        "words_data",
        "words_docsize",
        "words_idx",
    ];

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_index_depends_on_the_logs_alone() {
        let law = LawOfSnapshots::of(super::extension).except(&OF_FTS5);
        law.saying(&["日本語 and Übermut", "…"]).holds().await;
    }
}
