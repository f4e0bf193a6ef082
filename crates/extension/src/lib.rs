//! What an extension of the server is: a declaration of what it has, and the handles that it works
//! with.
//!
//! An [`Extension`] names its settings, its database, what it follows, which commands it answers and
//! what it serves. The server makes the parts when it is built, and runs all of them on a runtime of
//! their own, with the lowest priority ([`ExtensionRuntime`]): an extension cannot take a processor
//! from chat. It never gets the bus itself, but a [`Cx`] with its settings, its database, and the
//! requests that are open to it, in bounded numbers.

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
pub use follower::{Followed, Follower, From, Page, Sees};
pub use install::{Given, Host, InstallError, Installer, bounded_bus};
pub use installed::Installed;
pub use mount::{HttpRequest, HttpResponse, Mount, Serve, Served};
pub use op::{Call, Input, Op};
pub use probe::HeldThreads;
pub use push::{Push, PushError, PushTarget};
pub use runtime::ExtensionRuntime;
pub use schema::Schema;
pub use socket::{Door, DoorError, Message, ServeSocket, Socket, Upgrade};
pub use task::Task;
pub use view::{Metric, MetricValue, View};

#[doc(hidden)]
pub mod reexport {
    pub use diesel_migrations;
}
