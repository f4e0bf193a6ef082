//! The table of commands, built at the start: how each is read, what it costs and where it runs.

use super::{CommandReply, Context, Run};
use crate::commands::hello::Hello;
use crate::rate_limit::Cost;
use crate::wire::{Error, Fields, UNKNOWN_OP};
use futures_util::future::BoxFuture;
use rooms::api::RoomKey;
use std::fmt;
use std::sync::Arc;

/// Which commands of one connection may be under way at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// In its place among the commands that the same crate answers.
    Ordered(Answerer),
    /// A read: it runs beside everything, once earlier commands in its room have their replies.
    Concurrent,
    /// It takes several steps, none of which may overlap with another command in its room.
    Steps,
    /// It changes who is asking: no other command of the connection runs meanwhile.
    Alone,
}

impl Lane {
    /// Whether the command may change something: then it takes its place in the order of the bus, and
    /// a time-out leaves its outcome open.
    #[must_use]
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Concurrent)
    }
}

/// A crate that answers commands in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerer {
    /// The crate `sessions`.
    Sessions,
    /// The crate `rooms`.
    Rooms,
    /// The crate `messaging`.
    Messaging,
    /// The gateway's own hub.
    Gateway,
}

/// One row of the table.
pub struct Op {
    /// Its place in the table.
    pub number: usize,
    /// Its name in frames, metrics and spans.
    pub name: &'static str,
    /// Which commands of the connection it waits for.
    pub lane: Lane,
    /// How many points it costs.
    pub cost: Cost,
    /// Whether a connection may send it only after its first `hello`.
    pub needs_hello: bool,
    asks: fn(&mut bus::Builder),
    read: fn(&Fields<'_>) -> Result<Prepared, Error>,
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Op {
    /// Reads a command from its fields.
    pub(crate) fn read(self: &Arc<Self>, d: &Fields<'_>) -> Result<Command, Error> {
        let prepared = (self.read)(d)?;
        Ok(Command {
            op: Arc::clone(self),
            prepared,
        })
    }
}

/// A command whose fields have been read.
struct Prepared {
    room: Option<RoomKey>,
    run: Box<dyn FnOnce(Context) -> BoxFuture<'static, Result<CommandReply, Error>> + Send>,
}

/// A command of a client: every field has the right type, and nothing else is checked yet.
pub struct Command {
    op: Arc<Op>,
    prepared: Prepared,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command").field(&self.op).finish()
    }
}

impl Command {
    /// Its row in the table.
    #[must_use]
    pub fn op(&self) -> &Arc<Op> {
        &self.op
    }

    /// The room whose commands it is ordered with.
    #[must_use]
    pub fn room(&self) -> Option<&RoomKey> {
        self.prepared.room.as_ref()
    }

    /// Whether it opens a connection, or renews its identity.
    pub(crate) fn is_hello(&self) -> bool {
        self.op.name == Hello::OP
    }

    /// Carries it out.
    pub(crate) fn run(self, context: Context) -> BoxFuture<'static, Result<CommandReply, Error>> {
        (self.prepared.run)(context)
    }
}

/// All commands that this server knows.
#[derive(Debug, Default)]
pub struct Ops(Vec<Arc<Op>>);

impl Ops {
    /// Adds a command to the end of the table.
    pub(in crate::commands) fn add<C: Run>(&mut self) -> &mut Self {
        assert!(
            self.by_name(C::OP).is_none(),
            "two commands are called {}",
            C::OP
        );
        self.0.push(Arc::new(Op {
            number: self.0.len(),
            name: C::OP,
            lane: C::LANE,
            cost: C::COST,
            needs_hello: C::NEEDS_HELLO,
            asks: C::asks,
            read: |d| {
                let command = C::read(d)?;
                Ok(Prepared {
                    room: command.room(),
                    run: Box::new(move |context| Box::pin(command.run(context))),
                })
            },
        }));
        self
    }

    /// Returns the command with this name. So few names are found fastest one after another.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Op>> {
        self.0.iter().find(|op| op.name == name)
    }

    /// All commands, in the order of the table.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Op>> {
        self.0.iter()
    }

    /// Reads the command `op` from its fields.
    ///
    /// # Errors
    /// When there is no such command, or a field is missing or of the wrong type.
    pub fn command(&self, op: &str, d: &Fields<'_>) -> Result<Command, Error> {
        let op = self.by_name(op).ok_or(Error::new(&UNKNOWN_OP))?;
        op.read(d)
    }

    /// Declares what all commands ask.
    pub(crate) fn wire(&self, builder: &mut bus::Builder) {
        for op in &self.0 {
            (op.asks)(builder);
        }
    }
}
