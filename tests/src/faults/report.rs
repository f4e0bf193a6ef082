//! The result of a fault trial, and what it must satisfy.

use crate::crowd::CrowdReport;
use crate::store::Kind;
use std::fmt;
use std::time::Duration;

/// Longest time until a send is answered, whatever happens to the database.
const REPLY: Duration = Duration::from_secs(5);

/// Longest time from the end of a fault to the first acknowledgement.
pub(crate) const RECOVERY: Duration = Duration::from_secs(2);

/// Added to both for slow machines: little for `just torture`, which has a release build and the
/// machine to itself, more for a debug build among other tests.
pub(crate) const SLACK: Duration = if cfg!(debug_assertions) {
    Duration::from_secs(3)
} else {
    Duration::from_millis(250)
};

/// The result of one fault trial.
#[derive(Debug, Clone)]
#[must_use]
pub struct Report {
    /// Description of the fault.
    pub fault: &'static str,
    /// The kind of database.
    pub kind: Kind,
    /// Duration of the fault.
    pub lasted: Duration,
    /// Acknowledgements during the fault.
    pub acks_meanwhile: usize,
    /// Time from the end of the fault to the next acknowledgement.
    pub first_ack: Duration,
    /// What people experienced, and what the check found.
    pub figures: CrowdReport,
}

impl Report {
    /// The head of the table of [`row`](Self::row)s.
    pub const HEAD: &'static str = "\
| fault | database | lasted s | sent | acked | acked meanwhile | refused | of these open | \
connections ended | lost | doubled | gaps | longest wait for a reply ms | first ack after it ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    /// Formats one row of the table.
    #[must_use]
    pub fn row(&self) -> String {
        let CrowdReport {
            sent,
            acked,
            refused,
            unknown,
            cut,
            lost,
            doubled,
            gaps,
            slowest,
            ..
        } = &self.figures;
        format!(
            "| {} | {:?} | {:.1} | {sent} | {acked} | {} | {refused} | {unknown} | {cut} | {lost} \
             | {doubled} | {gaps} | {} | {} |",
            self.fault,
            self.kind,
            self.lasted.as_secs_f64(),
            self.acks_meanwhile,
            slowest.as_millis(),
            self.first_ack.as_millis(),
        )
    }

    /// Asserts what must always hold: no acknowledged message lost, none stored twice, no gap in a
    /// log, everything acknowledged in the end; every send answered in time, and the first
    /// acknowledgement after the fault in time.
    pub fn kept_its_word(self) -> Self {
        let figures = &self.figures;
        let faults = (figures.lost, figures.doubled, figures.gaps);
        assert_eq!(faults, (0, 0, 0), "lost, doubled, gaps: {self}");
        assert_eq!(figures.acked, figures.sent, "{self}");
        assert!(figures.slowest <= REPLY + SLACK, "answered late: {self}");
        assert!(self.first_ack <= RECOVERY + SLACK, "recovered late: {self}");
        self
    }

    /// Asserts that no connection ended.
    pub fn kept_all_sockets(self) -> Self {
        assert_eq!(self.figures.cut, 0, "connections ended: {self}");
        self
    }

    /// Asserts that the fault had an effect: sends were refused or waited for its end. Otherwise
    /// the trial proves nothing.
    pub fn was_felt(self) -> Self {
        let figures = &self.figures;
        let waited = figures.slowest * 2 > self.lasted;
        assert!(
            figures.refused > 0 || waited,
            "the fault had no effect: {self}"
        );
        self
    }

    /// Asserts that somebody waited at least this long. Otherwise the trial proves nothing.
    pub fn waited(self, least: Duration) -> Self {
        let slowest = self.figures.slowest;
        assert!(slowest >= least, "nobody waited {least:?}: {self}");
        self
    }

    /// Asserts that sends were refused. Otherwise the trial proves nothing.
    pub fn refused_some(self) -> Self {
        assert!(self.figures.refused > 0, "the fault had no effect: {self}");
        self
    }

    /// Asserts that people went on chatting and nobody was refused.
    pub fn disturbed_nobody(self) -> Self {
        assert_eq!(self.figures.refused, 0, "{self}");
        self.went_on()
    }

    /// Asserts that people went on chatting.
    pub fn went_on(self) -> Self {
        assert!(self.acks_meanwhile > 10, "{self}");
        self
    }

    /// Asserts that some connections ended.
    pub fn lost_some_connections(self) -> Self {
        assert!(self.figures.cut > 0, "no connection ended: {self}");
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.row())
    }
}
