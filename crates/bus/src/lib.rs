//! The bus: one ordered log of typed events, the subscribers that read it, and the tasks of the
//! process.
//!
//! What it promises: every subscriber sees the events it wants in one and the same order, whatever
//! their types; an event published in reaction to another comes after it for everyone; nothing is
//! lost on the way to an essential subscriber and every queue is bounded by the credits at the
//! edge; a request has exactly one answerer and its asker is always told. It knows no chat, no
//! database and no socket. The database is the truth, the bus a hint: what a crash takes from it
//! is read again from storage.

mod actor;
mod builder;
mod bus;
mod call;
mod context;
mod credit;
mod envelope;
mod error;
mod event;
mod guard;
mod hub;
mod item;
pub mod kit;
mod log;
mod metrics;
mod origin;
mod probe;
mod queue;
mod reader;
mod reads;
mod rebuild;
mod reply;
mod request;
mod routing;
mod routing_builder;
mod running;
mod runtime;
mod settings;
mod stopwatch;
mod subscriber;
mod turn;
mod type_map;

pub use builder::Builder;
pub use bus::Bus;
pub use context::Context;
pub use error::{LoadError, StartError, WiringError};
pub use event::{Event, EventNumber};
pub use metrics::{BusMetrics, SubscriberMetrics};
pub use origin::{Origin, TraceId};
pub use probe::{ActError, Acting, Probe, ProbeState};
pub use reads::Reads;
pub use reply::Reply;
pub use request::{AskError, Request};
pub use running::Running;
pub use runtime::{
    Backoff, RepeatedLine, RepeatedLines, Task, TaskInfo, TaskState, Tasks, give_way, panics,
};
pub use settings::Settings;
pub use subscriber::{Answers, Handles, Missed, Subscriber, Wiring};
