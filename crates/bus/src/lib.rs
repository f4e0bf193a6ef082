//! The bus: one ordered log of typed events, the subscribers that read it, and the tasks of the
//! process.
//!
//! What it promises: every subscriber sees the events it wants in one and the same order, whatever
//! their types; an event published in reaction to another comes after it for everyone; nothing is
//! lost on the way to an essential subscriber and every queue is bounded by the credits at the
//! edge; a request has exactly one answerer and its asker is always told. It knows no chat, no
//! database and no socket. The database is the truth, the bus a hint: what a crash takes from it
//! is read again from storage.

mod builder;
mod bus;
mod credit;
mod event;
mod figures;
pub mod kit;
mod origin;
mod probe;
mod request;
mod subscriber;
mod tasks;

pub use builder::{Builder, Running, Settings, StartError, WiringError};
pub use bus::Bus;
pub use event::{Event, EventNumber};
pub use figures::{BusFigures, SubscriberFigures};
pub use origin::{Origin, TraceId};
pub use probe::{Probe, ProbeState};
pub use request::{AskError, Reply, Request};
pub use subscriber::{Answers, Context, Handles, LoadError, Missed, Reads, Subscriber, Wiring};
pub use tasks::{Task, TaskInfo, TaskState, Tasks};
