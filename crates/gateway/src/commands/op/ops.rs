//! The table of commands, built at the start: how each is read, what it costs and where it runs.

use super::foreign_reader::{CommandSlots, ForeignReader};
use super::prepared::Prepared;
use super::{CommandReply, Context, Run};
use crate::commands::foreign::{ForeignInput, ForeignOp, extension_of};
use crate::commands::hello::Hello;
use crate::rate_limit::Cost;
use crate::wire::{Error, Fields, UNKNOWN_OP};
use futures_util::future::BoxFuture;
use rooms::api::RoomKey;
use serde_json::value::RawValue;
use std::collections::HashMap;
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
    /// A write that the extension with this number carries out, in steps that the gateway does not know:
    /// it waits for earlier writes of the extension, and in its room for all earlier commands.
    Extension(usize),
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

    /// Whether the command needs a permit to enter the bus. Those of extensions have a limit of their own
    /// instead: one that hangs must not hold what all others need.
    pub(crate) const fn needs_permit(self) -> bool {
        self.writes() && !matches!(self, Self::Extension(_))
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
    /// Declares what it asks; a command from outside does so itself.
    asks: Option<fn(&mut bus::Builder)>,
    reader: Reader,
}

/// How a command is read.
enum Reader {
    Builtin(fn(&Fields<'_>) -> Result<Prepared, Error>),
    Foreign(ForeignReader),
}

/// Two rows with one name are the same row: names are unique.
impl PartialEq for Op {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Op {}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Op {
    /// Reads a command from the `d` of a frame.
    pub(crate) fn read_json(self: &Arc<Self>, d: Option<&RawValue>) -> Result<Command, Error> {
        let prepared = match &self.reader {
            Reader::Builtin(read) => read(&Fields::read(d)?)?,
            Reader::Foreign(reader) => reader.read(ForeignInput::Json(Fields::object(d)?))?,
        };
        Ok(self.command(prepared))
    }

    /// Reads a command of the gateway from its fields.
    fn read_fields(self: &Arc<Self>, d: &Fields<'_>) -> Result<Command, Error> {
        match &self.reader {
            Reader::Builtin(read) => Ok(self.command(read(d)?)),
            Reader::Foreign(_) => Err(Error::new(&UNKNOWN_OP)),
        }
    }

    /// Reads a command from the query of a URL.
    pub(crate) fn read_query(self: &Arc<Self>, query: &str) -> Result<Command, Error> {
        match &self.reader {
            Reader::Builtin(_) => Err(Error::new(&UNKNOWN_OP)),
            Reader::Foreign(reader) => {
                let prepared = reader.read(ForeignInput::Query(query))?;
                Ok(self.command(prepared))
            }
        }
    }

    fn command(self: &Arc<Self>, prepared: Prepared) -> Command {
        Command {
            op: Arc::clone(self),
            prepared,
        }
    }
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

/// All commands that this server knows: the gateway's, then those from outside.
#[derive(Debug, Default)]
pub struct Ops {
    rows: Vec<Arc<Op>>,
    /// Where the rows from outside begin.
    builtin: usize,
    /// The rows from outside by name, since they may be many.
    foreign: HashMap<&'static str, usize>,
    /// The extensions, by the number in [`Lane::Extension`], and how many of their commands run.
    extensions: Vec<(&'static str, CommandSlots)>,
}

/// A command from outside that cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpError {
    /// Another command has this name.
    #[error("two commands are called {0}: one of them needs another name")]
    Taken(&'static str),
    /// No command from outside may have this name.
    #[error(
        "no extension can have a command called {0}: expected x.NAME.COMMAND, where both are at most 24 \
         of a-z, 0-9 and _ and begin with a letter"
    )]
    Illegal(&'static str),
}

impl Ops {
    /// Adds a command of the gateway to the end of the table.
    pub(in crate::commands) fn add<C: Run>(&mut self) -> &mut Self {
        assert!(
            self.by_name(C::OP).is_none(),
            "two commands are called {}",
            C::OP
        );
        self.rows.push(Arc::new(Op {
            number: self.rows.len(),
            name: C::OP,
            lane: C::LANE,
            cost: C::COST,
            needs_hello: C::NEEDS_HELLO,
            asks: Some(C::asks),
            reader: Reader::Builtin(|d| {
                let command = C::read(d)?;
                Ok(Prepared {
                    room: command.room(),
                    run: Box::new(move |context| Box::pin(command.run(context))),
                })
            }),
        }));
        self.builtin = self.rows.len();
        self
    }

    /// Adds a command that is carried out outside the gateway.
    ///
    /// # Errors
    /// If its name is taken, or none that such a command may have.
    pub fn add_foreign(&mut self, op: ForeignOp) -> Result<(), OpError> {
        let name = op.name;
        let extension = extension_of(name).ok_or(OpError::Illegal(name))?;
        if self.by_name(name).is_some() {
            return Err(OpError::Taken(name));
        }
        let (extension, slots) = self.extension(extension);
        let number = self.rows.len();
        self.rows.push(Arc::new(Op {
            number,
            name,
            lane: if op.writes {
                Lane::Extension(extension)
            } else {
                Lane::Concurrent
            },
            cost: op.cost,
            needs_hello: true,
            asks: None,
            reader: Reader::Foreign(ForeignReader::new(op, slots)),
        }));
        self.foreign.insert(name, number);
        Ok(())
    }

    /// Returns the number of an extension and the slots of its commands.
    fn extension(&mut self, name: &'static str) -> (usize, CommandSlots) {
        let known = self.extensions.iter().position(|(known, _)| *known == name);
        let number = known.unwrap_or_else(|| {
            self.extensions.push((name, CommandSlots::default()));
            self.extensions.len() - 1
        });
        (number, self.extensions[number].1.clone())
    }

    /// Returns the command with this name. The gateway's are so few that they are found fastest one after
    /// another.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Op>> {
        let builtin = self.rows[..self.builtin].iter().find(|op| op.name == name);
        builtin.or_else(|| self.foreign(name))
    }

    /// Returns the command from outside with this name.
    pub(crate) fn foreign(&self, name: &str) -> Option<&Arc<Op>> {
        self.foreign.get(name).map(|number| &self.rows[*number])
    }

    /// All commands, in the order of the table.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Op>> {
        self.rows.iter()
    }

    /// Reads the command `op` of the gateway from its fields.
    ///
    /// # Errors
    /// When there is no such command, or a field is missing or of the wrong type.
    pub fn command(&self, op: &str, d: &Fields<'_>) -> Result<Command, Error> {
        let op = self.by_name(op).ok_or(Error::new(&UNKNOWN_OP))?;
        op.read_fields(d)
    }

    /// Declares what the gateway's commands ask.
    pub(crate) fn wire(&self, builder: &mut bus::Builder) {
        for asks in self.rows.iter().filter_map(|op| op.asks) {
            asks(builder);
        }
    }
}
