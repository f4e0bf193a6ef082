//! HTTP and sockets; knows the wire, knows no database.

mod settings;

pub use settings::Settings;
