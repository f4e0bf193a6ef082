//! Which parts of a misbehaving extension misbehave.

use parlor::prelude::*;

/// What misbehaves unless the settings say otherwise. `act`, `make` and `load` would keep others from being
/// reached.
const USUAL: &str = "task handler respond apply view action http";

/// The parts that misbehave, by name and separated by blanks; the others behave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    names: Option<String>,
}

impl Table for Parts {
    fn rows() -> Vec<Setting<Self>> {
        let parts = "names of parts, separated by blanks";
        vec![value("parts", parts, |c: &mut Self| &mut c.names)]
    }
}

impl Parts {
    pub(crate) fn include(&self, part: &str) -> bool {
        let names = self.names.as_deref().unwrap_or(USUAL);
        names.split(' ').any(|name| name == part)
    }
}
