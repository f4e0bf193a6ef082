//! Queries and reads: one text for both databases, on a reader or a writer.

mod access;
mod epoch;
pub mod list;
mod macros;
mod read;

pub(crate) use access::Fact;
pub use access::{Access, Backend, Connection, Reader, Writer};
pub use epoch::epoch;
pub(crate) use read::Read;
