//! HTTP and sockets; knows the wire, knows no database.

mod limits;
mod settings;

pub use limits::{Limits, Points};
pub use settings::Settings;
