//! The tables `users` and `sessions`, and every query on them.

pub(crate) mod sessions;
mod tables;
pub(crate) mod users;
