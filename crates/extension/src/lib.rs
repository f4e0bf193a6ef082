//! What an extension of the server is: a declaration of what it has, and the handles that it works
//! with.
//!
//! An [`Extension`] names its settings, its database, what it follows, which commands it answers and
//! what it serves. The server makes the parts when it is built, and runs all of them on a runtime of
//! their own, with the lowest priority ([`ExtensionRuntime`]): an extension cannot take a processor
//! from chat. It never gets the bus itself, but a [`Cx`] with its settings, its database, and the
//! requests that are open to it, in bounded numbers.
//!
//! ```
//! use extension::{Asked, Command, Cx, Declined, Extension, Follower, Page, Respond, Rights, StartFrom};
//! use serde::Deserialize;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
//! use storage::{Fault, Writer};
//!
//! /// Counts what has happened in all rooms since the start.
//! struct Pulse(Arc<AtomicUsize>);
//!
//! impl Follower for Pulse {
//!     const FROM: StartFrom = StartFrom::Now;
//!
//!     async fn act(&self, page: &Page, _cx: &Cx) -> anyhow::Result<()> {
//!         self.0.fetch_add(page.entries.len(), Relaxed);
//!         Ok(())
//!     }
//!
//!     async fn reset(&self, _tx: &mut Writer<'_>) -> Result<(), Fault> {
//!         self.0.store(0, Relaxed);
//!         Ok(())
//!     }
//! }
//!
//! /// `x.pulse.count`: how much that is, in units of so many entries.
//! #[derive(Deserialize)]
//! struct Count {
//!     per: usize,
//! }
//!
//! impl Command for Count {
//!     const NAME: &'static str = "pulse.count";
//!     type Answer = usize;
//! }
//!
//! impl Respond<Count> for Pulse {
//!     async fn respond(&self, asked: Asked<Count>, _cx: &Cx) -> Result<usize, Declined> {
//!         let counted = self.0.load(Relaxed).checked_div(asked.command.per);
//!         counted.ok_or_else(|| Declined::field("per", "must be at least 1"))
//!     }
//! }
//!
//! let counted = Arc::new(AtomicUsize::new(0));
//! let answered = Arc::clone(&counted);
//! let pulse = Extension::new("pulse")
//!     .follows(move |_| Pulse(counted))
//!     .reads::<Count, _>(Rights::Anyone, move |_| Pulse(answered));
//! assert_eq!(pulse.wrong(), None);
//! assert!(pulse.migrations().is_some(), "a follower keeps its cursors");
//! ```
//!
//! `docs/extending.md` is the guide, with examples of every part.

mod askable;
mod assembly;
mod cancel_on_drop;
mod command;
mod confined_actions;
mod cx;
mod declaration;
mod declined;
#[cfg(feature = "testing")]
mod faults;
mod follower;
mod install;
mod installed;
mod mount;
mod name;
mod observed_view;
mod op;
mod places;
mod probe;
mod push;
mod respond;
mod runtime;
mod schema;
mod socket;
mod task;
mod view;

pub use askable::{Askable, Stated};
pub use command::{Asked, Command, Cost, Respond, Rights};
pub use cx::Cx;
pub use declaration::Extension;
pub use declined::Declined;
#[cfg(feature = "testing")]
pub use faults::Faults;
pub use follower::{Followed, Follower, Page, Sees, StartFrom};
pub use install::{Given, Host, InstallError, Installer, bounded_bus};
pub use installed::Installed;
pub use mount::{HttpRequest, HttpResponse, Mount, Serve, Served};
pub use op::{Input, WireCall, WireOp};
pub use probe::HeldThreads;
pub use push::{Push, PushError, PushTarget};
pub use runtime::ExtensionRuntime;
pub use schema::Schema;
pub use socket::{
    ChatHalves, ChatReceiver, ChatSender, Door, DoorError, ServeSocket, Socket, SocketFrame,
    Upgrade,
};
pub use task::Task;
pub use view::{Metric, MetricValue, View};

#[doc(hidden)]
pub mod reexport {
    pub use diesel_migrations;
}
