//! The bus: one ordered log of typed events, the subscribers that read it, and the tasks of the
//! process.
//!
//! Guarantees: all subscribers see the events they subscribed to in one order, whatever their
//! types; an event published in reaction to another comes after it for everyone; an essential
//! subscriber loses nothing, and credits bound every queue; exactly one subscriber answers a
//! request, and its caller always gets an answer or an error. The bus knows no chat, no database
//! and no socket. The database is the source of truth: what a crash takes from the bus is read
//! again from storage.
//!
//! ```
//! use bus::{Answers, Builder, Context, Essential, Event, Handles, LoadError, Reply, Request};
//! use bus::{Settings, Subscriber, Tasks, Wiring};
//! use std::{sync::Arc, time::Duration};
//! use tokio_util::sync::CancellationToken;
//!
//! struct Said(&'static str);
//!
//! impl Event for Said {
//!     const NAME: &'static str = "example.said";
//! }
//!
//! struct CountWords;
//!
//! impl Request for CountWords {
//!     const NAME: &'static str = "example.count_words";
//!     type Answer = usize;
//! }
//!
//! /// Counts the words of everything that was said.
//! struct Counter(usize);
//!
//! impl Subscriber for Counter {
//!     const NAME: &'static str = "counter";
//!     type Kind = Essential;
//!     type Deps = ();
//!
//!     async fn load((): &()) -> Result<Self, LoadError> {
//!         Ok(Self(0))
//!     }
//!
//!     fn wire(wiring: &mut Wiring<Self>) {
//!         wiring.on::<Said>().answers::<CountWords>();
//!     }
//! }
//!
//! impl Handles<Said> for Counter {
//!     fn handle(&mut self, said: &Arc<Said>, _: &mut Context) {
//!         self.0 += said.0.split_whitespace().count();
//!     }
//! }
//!
//! impl Answers<CountWords> for Counter {
//!     fn answer(&mut self, _: CountWords, reply: Reply<usize>, _: &mut Context) {
//!         reply.answer(self.0);
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tasks = Tasks::new(CancellationToken::new());
//! let mut builder = Builder::new(Settings::default(), &tasks);
//! builder.essential::<Counter>(()).asks::<CountWords>();
//! let running = builder.start().await?;
//!
//! let bus = running.bus().clone();
//! bus.publish(Said("two words")).await;
//! assert_eq!(bus.ask(CountWords, Duration::from_secs(1)).await?, 2);
//!
//! running.stop(Duration::from_secs(1)).await;
//! # Ok(())
//! # }
//! ```

mod activity;
mod actor;
mod ask;
mod builder;
mod bus;
mod call;
mod catalogue;
mod context;
mod credits;
mod entrance;
mod envelope;
mod error;
mod event;
mod event_log;
mod guard;
mod in_task;
mod item;
pub mod kit;
mod message_type;
mod metrics;
mod operator_actions;
mod origin;
mod overrun_watch;
mod pace;
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
mod shared;
mod stopwatch;
mod subscriber;
mod turn;
mod type_map;
mod wiring;

pub use crate::settings::Settings;
pub use builder::Builder;
pub use bus::Bus;
pub use catalogue::{Catalogue, CatalogueItem, CatalogueKind, CatalogueSubscriber};
pub use context::Context;
pub use error::{LoadError, StartError, WiringError};
pub use event::{Event, EventNumber};
pub use metrics::{BusMetrics, SubscriberMetrics};
pub use operator_actions::{ActError, Acting, OperatorActions};
pub use origin::{Origin, TraceId};
pub use probe::{Probe, ProbeState};
pub use reads::Reads;
pub use reply::Reply;
pub use request::{AskError, Request};
pub use running::Running;
pub use runtime::{
    Backoff, Clock, HeldThread, RepeatedLine, RepeatedLines, SystemClock, Task, TaskInfo,
    TaskState, Tasks, give_way, millis, panics, rfc3339,
};
pub use subscriber::{
    Answers, AnswersAsync, Essential, Handles, HandlesAsync, Isolated, Missed, Subscriber,
    SubscriberKind,
};
pub use wiring::Wiring;
