//! Queries and reads: one text for both databases, on a reader or a writer.

mod access;
pub mod list;
mod macros;
mod read;

pub(crate) use access::Fact;
pub use access::{Access, Backend, Connection, Reader, Writer};
pub(crate) use read::Read;
