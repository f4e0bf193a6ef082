//! Accounts, guests, tokens, who is connected as whom, and presence.
//!
//! Everything others may use is in [`api`]; the tables `users` and `sessions` are this crate's own.

pub mod api;
