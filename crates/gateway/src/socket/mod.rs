//! The WebSocket side: one task per connection reads frames, runs commands and replies.

mod clock;
mod drain;
mod flights;
mod flood;
mod linger;
mod reader;
mod scanner;
mod serve;
mod source;
mod task;

pub(crate) use drain::{finish_commands, say_goodbye};
pub(crate) use serve::{Upgraded, serve};
