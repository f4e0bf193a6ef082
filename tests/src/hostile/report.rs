//! What people feel of misbehaving extensions, over several rounds.

use super::{COMPANIES, Company, Felt};
use std::fmt;
use std::time::Duration;

/// What was felt in each round, by company, in their order.
#[derive(Debug, Default)]
pub struct HostileReport {
    rounds: Vec<Vec<Felt>>,
}

impl HostileReport {
    /// Adds a round: what was felt in each company.
    pub fn add(&mut self, round: Vec<Felt>) {
        assert_eq!(round.len(), COMPANIES.len(), "a round has all companies");
        self.rounds.push(round);
    }

    /// Returns the median, over the rounds, of how many times as long people wait as beside nobody.
    #[must_use]
    pub fn ratio(&self, company: usize) -> f64 {
        let rounds = self.rounds.iter();
        let ratios = rounds.map(|felt| felt[company].p99.as_secs_f64() / felt[0].p99.as_secs_f64());
        median(ratios.collect())
    }

    fn of(&self, company: usize, figure: fn(&Felt) -> Duration) -> f64 {
        let rounds = self.rounds.iter();
        let figures = rounds.map(|felt| figure(&felt[company]).as_secs_f64());
        median(figures.collect())
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

impl fmt::Display for HostileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| besides chat | p99 ms | times | stop s |")?;
        write!(f, "| --- | --- | --- | --- |")?;
        for (company, Company { name, .. }) in COMPANIES.iter().enumerate() {
            let p99 = self.of(company, |felt| felt.p99) * 1000.0;
            let stop = self.of(company, |felt| felt.stop);
            let ratio = self.ratio(company);
            write!(f, "\n| {name} | {p99:.1} | {ratio:.2} | {stop:.1} |")?;
        }
        Ok(())
    }
}
