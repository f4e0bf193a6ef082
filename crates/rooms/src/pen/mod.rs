//! The pen: what may be written into rooms' logs, and the writing itself.

mod book;
pub(crate) mod fingerprint;
mod mentions;
pub(crate) mod rank;
mod sheet;

pub(crate) use book::Book;
pub(crate) use sheet::Sheet;
