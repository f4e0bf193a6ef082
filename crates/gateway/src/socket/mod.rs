//! The WebSocket side: one task per connection reads frames, runs commands and replies.

mod deadlines;
mod flood_detector;
mod frame_reader;
mod linger;
mod pending_commands;
mod scanner;
mod serve;
mod shutdown;
mod source;
mod task;

pub(crate) use flood_detector::FloodDetector;
#[cfg(any(test, feature = "fuzz"))]
pub(crate) use frame_reader::{Inbound, read_in_pieces};
pub(crate) use scanner::Scanner;
pub(crate) use serve::{Upgraded, serve, wire};
pub(crate) use shutdown::{finish_commands, say_goodbye};
