//! What the operator can set: `[tour]` in parlor.toml, and `PARLOR_TOUR_…`.

use parlor::prelude::*;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) crowd: u64,
    pub(crate) report: Duration,
    pub(crate) greeting: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { crowd: 10, report: Duration::from_secs(60), greeting: None }
    }
}

impl Table for Settings {
    fn rows() -> Vec<Setting<Self>> {
        vec![
            number("crowd", "people", 2..=100_000, |c: &mut Self| &mut c.crowd)
                .about("How many people online are a crowd.")
                .ends("Every evening is a crowd.", "There never is one."),
            millis("report_ms", 1_000..=86_400_000, |c: &mut Self| &mut c.report)
                .about("How often the log says how many people are online.")
                .ends("The log fills up.", "The log says nothing for long."),
            value("greeting", "a text", |c: &mut Self| &mut c.greeting)
                .about("First line on the lines door. Unset: none."),
        ]
    }

    fn check(&self) -> Result<(), Contradiction> {
        match &self.greeting {
            Some(text) if text.contains('\n') => {
                Err(Contradiction::new("greeting", "a text of several lines", "one line"))
            }
            _ => Ok(()),
        }
    }
}
