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
mod backoff;
mod builder;
mod bus;
mod call;
mod context;
mod credit;
mod envelope;
mod event;
mod give_way;
mod guard;
mod hub;
pub mod kit;
mod log;
mod metrics;
mod origin;
pub mod panics;
mod probe;
mod reads;
mod rebuild;
mod repeated;
mod reply;
mod request;
mod routing;
mod running;
mod settings;
mod stopwatch;
mod subscriber;
mod tasks;
mod turn;
mod type_map;

pub use builder::{Builder, StartError, WiringError};
pub use bus::Bus;
pub use context::Context;
pub use event::{Event, EventNumber};
pub use give_way::give_way;
pub use metrics::{BusMetrics, SubscriberMetrics};
pub use origin::{Origin, TraceId};
pub use probe::{ActError, Acting, Probe, ProbeState};
pub use repeated::{RepeatedLine, RepeatedLines};
pub use reply::Reply;
pub use request::{AskError, Request};
pub use running::Running;
pub use settings::Settings;
pub use subscriber::{Answers, Handles, LoadError, Missed, Reads, Subscriber, Wiring};
pub use tasks::{Task, TaskInfo, TaskState, Tasks};
