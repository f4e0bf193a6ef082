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
        let _ = (to, name, body);
        todo!()
    }
}
