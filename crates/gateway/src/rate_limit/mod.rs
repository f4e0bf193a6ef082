//! Rate limits per user, per network and per connection.

mod bucket;
mod buckets;
mod cost;

pub use bucket::Bucket;
pub(crate) use buckets::Buckets;
pub use cost::Cost;
