//! Whether the clock may be trusted with what cannot be undone.
//!
//! A server whose clock is months ahead would find everything too old. So the store keeps the last
//! time it has seen, and a clock that is far from it is not trusted at once: it may be wrong, or
//! the server may have been off for long. A clock that then runs as evenly as the processor's own
//! for a day of uptime is trusted again, across restarts too.

use crate::{Database, Fault, Job, JobError, LaneKey, StorageError, Writer, query, statement};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

/// How far from the expected time is too far, in ms. Deleting up to a day too early is acceptable,
/// and servers may be off for a night.
const FAR: i64 = 24 * 60 * 60 * 1000;

/// How long a clock that is not trusted must run evenly, in ms.
const PROOF: i64 = 24 * 60 * 60 * 1000;

/// How unevenly it may run between two checks, in ms: leap seconds, a clock that is being slewed.
const UNEVEN: i64 = 5 * 60 * 1000;

/// How long a check may wait for its lane: nobody is waiting for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Checks the clock on behalf of one task, and keeps in the store what was seen.
pub struct ClockWatch {
    database: Database,
    /// This process's uptime at the last check.
    last: Mutex<Option<Duration>>,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockTrust {
    /// The clock is about where it should be.
    Steady,
    /// The clock is far from the last time that the store has seen.
    Suspect {
        /// How far ahead of it, in ms; negative: behind.
        ahead_ms: i64,
        /// How much longer the clock must run evenly until it is trusted, in ms.
        wait_ms: i64,
    },
}

impl ClockWatch {
    /// Returns a watch over the clock of the server that writes to this database.
    #[must_use]
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
            last: Mutex::default(),
        }
    }

    /// Gives a store that has no time yet that of its newest row, or else `now_ms`; both in ms
    /// since 1970. To be called before anything is written.
    pub async fn begin(&self, now_ms: i64, newest_ms: Option<i64>) -> Result<(), StorageError> {
        let job = BeginClock(newest_ms.unwrap_or(now_ms));
        let Ok(()) = self.database.write(job, WRITE_WITHIN).await?;
        Ok(())
    }

    /// Checks the clock, which shows `now_ms` after the process has been running for `uptime`.
    pub async fn look(&self, now_ms: i64, uptime: Duration) -> Result<ClockTrust, StorageError> {
        let before = {
            let mut last = self.last.lock();
            last.replace(uptime)
        };
        let elapsed = before.map(|before| uptime.saturating_sub(before));
        let job = CheckClock {
            now: now_ms,
            elapsed: elapsed.map(bus::millis),
        };
        let Ok(seen) = self.database.write(job, WRITE_WITHIN).await?;
        Ok(seen.trust(now_ms))
    }
}

/// What the store has seen, in ms since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LastSeen {
    /// The last time that was trusted.
    at: i64,
    /// The last time that was not trusted, and for how long the clock has run evenly since.
    claim: Option<(i64, i64)>,
}

impl LastSeen {
    fn at(at: i64) -> Self {
        Self { at, claim: None }
    }

    /// `elapsed` is the time since this process last checked; `None` at its first check.
    fn check(self, now: i64, elapsed: Option<i64>) -> Self {
        let expected = self.at.saturating_add(elapsed.unwrap_or(0));
        if now.abs_diff(expected) <= FAR.unsigned_abs() {
            return Self::at(now);
        }
        let even = match (self.claim, elapsed) {
            (Some((claimed, even)), Some(elapsed)) => {
                let due = claimed.saturating_add(elapsed);
                let is_even = now.abs_diff(due) <= UNEVEN.unsigned_abs();
                if is_even {
                    even.saturating_add(elapsed)
                } else {
                    0
                }
            }
            // Another process saw that time, a while ago.
            (Some((claimed, even)), None) if (0..=FAR).contains(&now.saturating_sub(claimed)) => {
                even
            }
            _ => 0,
        };
        if even >= PROOF {
            return Self::at(now);
        }
        Self {
            claim: Some((now, even)),
            ..self
        }
    }

    fn trust(self, now: i64) -> ClockTrust {
        match self.claim {
            None => ClockTrust::Steady,
            Some((_, even)) => ClockTrust::Suspect {
                ahead_ms: now.saturating_sub(self.at),
                wait_ms: PROOF - even,
            },
        }
    }

    /// Returns `None` if the text was not written by this type.
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(str::parse::<i64>);
        let at = numbers.next()?.ok()?;
        let claim = match (numbers.next(), numbers.next()) {
            (Some(claimed), Some(even)) => Some((claimed.ok()?, even.ok()?)),
            _ => None,
        };
        Some(Self { at, claim })
    }
}

impl fmt::Display for LastSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.claim {
            None => write!(f, "{}", self.at),
            Some((claimed, even)) => write!(f, "{} {claimed} {even}", self.at),
        }
    }
}

struct BeginClock(i64);

impl Job for BeginClock {
    const NAME: &'static str = "storage.begin_clock";
    const STATES: bool = false;
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        if seen(tx).await?.is_none() {
            keep(tx, LastSeen::at(self.0)).await?;
        }
        Ok(())
    }
}

struct CheckClock {
    now: i64,
    elapsed: Option<i64>,
}

impl Job for CheckClock {
    const NAME: &'static str = "storage.look_at_clock";
    const STATES: bool = false;
    type Answer = LastSeen;
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<LastSeen, JobError<Infallible>> {
        let before = seen(tx).await?.unwrap_or(LastSeen::at(self.now));
        let after = before.check(self.now, self.elapsed);
        keep(tx, after).await?;
        Ok(after)
    }
}

#[derive(QueryableByName)]
struct ClockRow {
    #[diesel(sql_type = Text)]
    value: String,
}

async fn seen(tx: &mut Writer<'_>) -> Result<Option<LastSeen>, Fault> {
    let select = "SELECT value FROM storage_meta WHERE key = 'clock'";
    let rows: Vec<ClockRow> = query!(tx, |c| diesel::sql_query(select).load(c))?;
    Ok(rows.first().and_then(|row| LastSeen::read(&row.value)))
}

async fn keep(tx: &mut Writer<'_>, seen: LastSeen) -> Result<(), Fault> {
    let upsert = "INSERT INTO storage_meta (key, value) VALUES ('clock', $1)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    let value = seen.to_string();
    statement!(tx, |c| diesel::sql_query(upsert)
        .bind::<Text, _>(value.as_str())
        .execute(c))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ClockTrust, FAR, LastSeen, PROOF};

    const HOUR: i64 = 60 * 60 * 1000;
    const DAY: i64 = 24 * HOUR;
    const NOW: i64 = 1_800_000_000_000;

    /// Checks every hour until the clock is trusted; returns how often.
    fn hours_of_proof(mut seen: LastSeen, from: i64) -> i64 {
        (1..1_000)
            .find(|hour| {
                let now = from + hour * HOUR;
                seen = seen.check(now, Some(HOUR));
                seen.trust(now) == ClockTrust::Steady
            })
            .expect("it is trusted in the end")
    }

    #[test]
    fn a_clock_that_goes_on_is_believed_however_rarely_one_looks() {
        let mut seen = LastSeen::at(NOW);
        for step in 1..100 {
            let now = NOW + step * 3 * DAY;
            seen = seen.check(now, Some(3 * DAY));
            assert_eq!(seen.trust(now), ClockTrust::Steady);
        }
    }

    #[test]
    fn a_night_off_is_nothing() {
        let seen = LastSeen::at(NOW).check(NOW + FAR, None);
        assert_eq!(seen.trust(NOW + FAR), ClockTrust::Steady);
    }

    #[test]
    fn a_wild_clock_is_not_believed_and_one_that_is_set_right_is_at_once() {
        let wild = NOW + 60 * DAY;
        let mut seen = LastSeen::at(NOW).check(wild, None);
        let suspect = ClockTrust::Suspect {
            ahead_ms: 60 * DAY,
            wait_ms: PROOF,
        };
        assert_eq!(seen.trust(wild), suspect);
        seen = seen.check(wild + HOUR, Some(HOUR));
        assert!(matches!(
            seen.trust(wild + HOUR),
            ClockTrust::Suspect { .. }
        ));
        seen = seen.check(NOW + 2 * HOUR, Some(HOUR));
        assert_eq!(seen.trust(NOW + 2 * HOUR), ClockTrust::Steady);
        let behind = LastSeen::at(NOW).check(NOW - 60 * DAY, None);
        assert!(matches!(behind.trust(NOW), ClockTrust::Suspect { .. }));
    }

    #[test]
    fn a_server_that_was_off_for_months_believes_its_clock_after_a_day() {
        let back = NOW + 60 * DAY;
        assert_eq!(
            hours_of_proof(LastSeen::at(NOW).check(back, None), back),
            24
        );
    }

    #[test]
    fn a_restart_does_not_begin_the_day_again_and_another_jump_does() {
        let back = NOW + 60 * DAY;
        let mut seen = LastSeen::at(NOW).check(back, None);
        for hour in 1..=20 {
            seen = seen.check(back + hour * HOUR, Some(HOUR));
        }
        let kept = LastSeen::read(&seen.to_string()).expect("its own text");
        assert_eq!(kept, seen);
        let again = back + 21 * HOUR;
        assert_eq!(hours_of_proof(kept.check(again, None), again), 4);
        let jumped = again + 90 * DAY;
        assert_eq!(hours_of_proof(kept.check(jumped, None), jumped), 24);
    }

    #[test]
    fn what_is_no_time_is_none() {
        assert_eq!(LastSeen::read(""), None);
        assert_eq!(LastSeen::read("soon"), None);
        assert_eq!(LastSeen::read("1 2 three"), None);
    }
}
