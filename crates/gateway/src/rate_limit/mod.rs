//! Rate limits per user, per network and per connection.

mod bucket;
mod buckets;

pub use bucket::Bucket;
pub(crate) use buckets::Buckets;
