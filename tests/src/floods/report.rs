//! The result of a flood.

use super::flooder::Stay;
use super::kinds::Flood;
use std::fmt;
use std::time::Duration;

/// What the people, the operator and the flooding clients experienced.
#[derive(Debug)]
pub struct FloodReport {
    name: &'static str,
    /// Durations of the people's sends.
    pub sends_p99: Duration,
    /// Durations of the operator's health checks.
    pub health_p99: Duration,
    /// Longest connection that the server ended; `None` if it ended none.
    pub gone_after: Option<Duration>,
    /// Longest connection that was still open at the end.
    pub stayed: Duration,
    /// Time from SIGTERM to the exit.
    pub stop: Duration,
}

impl FloodReport {
    /// The head of the table of rows.
    pub const HEAD: &str = "| flood | others' p99 ms | gone after s | health p99 ms | stop s |\n\
        | --- | --- | --- | --- | --- |";

    pub(super) fn new(
        flood: &Flood,
        sends: Vec<Duration>,
        stays: Vec<Stay>,
        health: Vec<Duration>,
        stop: Duration,
    ) -> Self {
        let (ended, left): (Vec<_>, Vec<_>) = stays.into_iter().partition(|stay| stay.was_ended);
        let longest = |stays: &[Stay]| stays.iter().map(|stay| stay.lasted).max();
        Self {
            name: flood.name,
            sends_p99: p99(sends),
            health_p99: p99(health),
            gone_after: longest(&ended),
            stayed: longest(&left).unwrap_or_default(),
            stop,
        }
    }
}

impl FloodReport {
    /// Returns the longest connection, ended by the server or not.
    #[must_use]
    pub fn longest_stay(&self) -> Duration {
        self.gone_after.unwrap_or_default().max(self.stayed)
    }
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    let place = (times.len() * 99).div_ceil(100).saturating_sub(1);
    times.get(place).copied().expect("at least one duration")
}

impl fmt::Display for FloodReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let gone = match self.gone_after.filter(|gone| *gone >= self.stayed / 2) {
            Some(gone) => format!("{:.1}", gone.as_secs_f64()),
            None => format!("not in {:.0}", self.stayed.as_secs_f64()),
        };
        let (sends, health) = (ms(self.sends_p99), ms(self.health_p99));
        let (name, stop) = (self.name, self.stop.as_secs_f64());
        write!(
            f,
            "| {name} | {sends:.0} | {gone} | {health:.0} | {stop:.1} |"
        )
    }
}
