//! Pushes of extensions, by the gateway.

use extension::{Push, PushError, PushTarget};
use gateway::Gateway;
use serde_json::value::RawValue;
use std::sync::OnceLock;

/// Sends the pushes of extensions once the gateway is there: extensions are made before it.
#[derive(Default)]
pub(super) struct Pushes(OnceLock<Gateway>);

impl Pushes {
    pub(super) fn connect(&self, gateway: &Gateway) {
        self.0.get_or_init(|| gateway.clone());
    }
}

impl Push for Pushes {
    fn push(&self, to: PushTarget, name: &str, body: Box<RawValue>) -> Result<(), PushError> {
        let Some(gateway) = self.0.get() else {
            return Err(PushError::Overloaded);
        };
        let to = match to {
            PushTarget::User(user) => gateway::ForeignPushTarget::User(user),
            PushTarget::Room(room) => gateway::ForeignPushTarget::Room(room),
        };
        let pushed = gateway.push(to, name, &body);
        pushed.map_err(|error| match error {
            gateway::ForeignPushError::IllegalName => PushError::Name(name.to_owned()),
            gateway::ForeignPushError::TooLarge { max } => PushError::TooLarge {
                bytes: body.get().len(),
                most: max,
            },
            gateway::ForeignPushError::Busy => PushError::Overloaded,
        })
    }
}
