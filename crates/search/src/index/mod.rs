//! The index: which messages have which words. One table of messages on both databases; the words are in a
//! table of FTS5 on SQLite, and in a column with a GIN index on `PostgreSQL`.

mod find;
mod tables;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use find::{Hit, Lookup, find};
pub(crate) use write::{Known, clear, forget, insert, known, remove, reword};
