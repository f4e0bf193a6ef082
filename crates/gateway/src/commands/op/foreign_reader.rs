//! A command from outside as a row of the table: reads and runs it, and keeps its mistakes and its delays
//! from everyone else.

use super::prepared::Prepared;
use super::{Body, CommandReply, Context};
use crate::commands::foreign::{ForeignCall, ForeignInput, ForeignOp, InvalidField, ReadForeign};
use crate::wire::{Error, INTERNAL, OVERLOADED};
use bus::panics::caught;
use bytes::Bytes;
use futures_util::FutureExt as _;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Most commands of one extension that run at once; further ones get `overloaded`. One that hangs so holds
/// few of the server's places.
const RUNNING_MAX: usize = 64;

/// The slots for running commands of one extension. A cheap handle.
#[derive(Debug, Clone)]
pub(super) struct CommandSlots(Arc<Semaphore>);

impl Default for CommandSlots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(RUNNING_MAX)))
    }
}

pub(super) struct ForeignReader {
    op: &'static str,
    read: Box<ReadForeign>,
    slots: CommandSlots,
}

impl ForeignReader {
    pub(super) fn new(op: ForeignOp, slots: CommandSlots) -> Self {
        Self {
            op: op.name,
            read: op.read,
            slots,
        }
    }

    /// Reads a command. A panic costs this command, not the connection.
    pub(super) fn read(&self, input: ForeignInput<'_>) -> Result<Prepared, Error> {
        let reading = caught(async {
            let call = (self.read)(input)?;
            Ok::<_, InvalidField>((call.room().cloned(), call))
        });
        let read = reading.now_or_never().expect("it never waits");
        let (room, call) = match read {
            Ok(read) => read.map_err(Error::from)?,
            Err(panic) => {
                tracing::error!(op = self.op, error = panic, "reading a command panicked");
                return Err(Error::new(&INTERNAL));
            }
        };
        let (op, slots) = (self.op, self.slots.clone());
        Ok(Prepared {
            room,
            run: Box::new(move |context| Box::pin(run(op, call, slots, context))),
        })
    }
}

async fn run(
    op: &'static str,
    call: Box<dyn ForeignCall>,
    CommandSlots(slots): CommandSlots,
    context: Context,
) -> Result<CommandReply, Error> {
    let Ok(_slot) = slots.try_acquire() else {
        return Err(Error::new(&OVERLOADED));
    };
    let limits = context.limits();
    let answered = call.call(context.caller()?, context.bus.trace(), limits.ask_within);
    let ok = String::from(Box::<str>::from(answered.await?));
    // Half of the socket's queue: with more, one reply would close the connection as too slow.
    if ok.len() > limits.egress_bytes / 2 {
        tracing::error!(
            op,
            bytes = ok.len(),
            "the reply of an extension is too long"
        );
        return Err(Error::new(&INTERNAL));
    }
    Ok(CommandReply::Body(Body(Bytes::from(ok))))
}
