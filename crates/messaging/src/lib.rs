//! Sending, editing, deleting, reactions, history, read markers.
//!
//! Everything others may use is in [`api`]. Its tables hold only what the room log lacks: the state
//! of edited messages, reactions, markers; a plain send writes none of them.

pub mod api;
