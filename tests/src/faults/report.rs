//! What came of a fault, and what is demanded of it.

use crate::crowd::CrowdReport;
use crate::store::Kind;
use std::fmt;
use std::time::Duration;

/// A send is answered within this, whatever has happened to the database.
const REPLY: Duration = Duration::from_secs(5);

/// After a fault the first acknowledgement comes within this.
pub(crate) const RECOVERY: Duration = Duration::from_secs(2);

/// What the machine may add to both: `just torture` has it to itself and a release build; a debug
/// build among other tests has neither.
pub(crate) const SLACK: Duration = if cfg!(debug_assertions) {
    Duration::from_secs(3)
} else {
    Duration::from_millis(250)
};

/// What came of one fault.
#[derive(Debug, Clone)]
#[must_use]
pub struct Report {
    /// What it was.
    pub fault: &'static str,
    /// On which database.
    pub kind: Kind,
    /// How long it lasted.
    pub lasted: Duration,
    /// Acknowledgements while it lasted.
    pub acks_meanwhile: usize,
    /// From its end to the next acknowledgement.
    pub first_ack: Duration,
    /// What people met with, and what the judgement found.
    pub figures: CrowdReport,
}

impl Report {
    /// The head of a table of [`row`](Self::row)s.
    pub const HEAD: &'static str = "\
| fault | database | lasted s | sent | acked | acked meanwhile | refused | of these open | \
connections ended | lost | doubled | gaps | longest wait for a reply ms | first ack after it ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    /// One line of a table.
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

    /// What always holds: nothing acknowledged is lost, nothing doubled, no place empty, in the end
    /// everything acknowledged; every send was answered in time, and the first acknowledgement
    /// after the fault came in time.
    pub fn kept_its_word(self) -> Self {
        let figures = &self.figures;
        let faults = (figures.lost, figures.doubled, figures.gaps);
        assert_eq!(faults, (0, 0, 0), "lost, doubled, gaps: {self}");
        assert_eq!(figures.acked, figures.sent, "{self}");
        assert!(figures.slowest <= REPLY + SLACK, "answered late: {self}");
        assert!(self.first_ack <= RECOVERY + SLACK, "recovered late: {self}");
        self
    }

    /// No socket was closed for it.
    pub fn kept_all_sockets(self) -> Self {
        assert_eq!(self.figures.cut, 0, "connections ended: {self}");
        self
    }

    /// It was a fault: sends were refused, or waited for its end. Otherwise the trial proves nothing.
    pub fn was_felt(self) -> Self {
        let figures = &self.figures;
        let waited = figures.slowest * 2 > self.lasted;
        assert!(figures.refused > 0 || waited, "nobody noticed: {self}");
        self
    }

    /// Somebody waited as long as this. Otherwise the trial proves nothing.
    pub fn waited(self, least: Duration) -> Self {
        let slowest = self.figures.slowest;
        assert!(slowest >= least, "nobody waited {least:?}: {self}");
        self
    }

    /// It was a fault: sends were refused. Otherwise the trial proves nothing.
    pub fn refused_some(self) -> Self {
        assert!(self.figures.refused > 0, "nobody noticed: {self}");
        self
    }

    /// People went on talking meanwhile, and nobody was refused.
    pub fn disturbed_nobody(self) -> Self {
        assert_eq!(self.figures.refused, 0, "{self}");
        self.went_on()
    }

    /// People went on talking meanwhile.
    pub fn went_on(self) -> Self {
        assert!(self.acks_meanwhile > 10, "{self}");
        self
    }

    /// Somebody's connection ended.
    pub fn lost_some_connections(self) -> Self {
        assert!(self.figures.cut > 0, "nobody was hit: {self}");
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.row())
    }
}
