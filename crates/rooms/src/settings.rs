//! What the operator decides about rooms.

use std::time::Duration;

/// Everything about rooms that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Rooms one user may be a member of, direct ones included but for those that others opened
    /// and the user has not answered. Default 128. Too low: people have to leave a room to enter
    /// another; too high: every `hello` of such a user reads and replays that many.
    pub rooms_max: usize,
    /// What one person may begin with others.
    pub quotas: Quotas,
    /// People named in the online list of one room (`join`, `presence`). Default 100. Too low:
    /// pages show few of those who are there; too high: joining a large room costs every client
    /// kilobytes.
    pub presence_max: usize,
    /// Reads (`log`, `members`, holes in the fan-out) under way at once. Default 8. Too low: pages
    /// wait although the database is idle; too high: reads take all the connections and commits
    /// wait for one.
    pub reads_max: usize,
    /// Entries older than this are taken out of their room's log, all but its last one; zero: none
    /// are. Default zero. Too low: people miss what they have not read; too high: the database
    /// grows.
    pub retention: Duration,
    /// Entries that one run of retention takes away at most, every ten minutes. Default 200,000. Too
    /// low: a busy server keeps entries for longer than it should; too high: a run that was a mistake
    /// takes much before anyone notices, and the write lanes are busy with it for long.
    pub retention_run_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rooms_max: 128,
            quotas: Quotas::default(),
            presence_max: 100,
            reads_max: 8,
            retention: Duration::ZERO,
            retention_run_max: 200_000,
        }
    }
}

/// What one person may begin with others before these have agreed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    /// Direct rooms opened by one account that the other person has not answered. Default 32. Too
    /// low: people cannot write to several others who are away; too high: one account writes to
    /// everybody.
    pub direct_unanswered_max: usize,
    /// The same for a guest. Default 4.
    pub direct_unanswered_guest_max: usize,
    /// Direct rooms that one account opens within 24 hours, answered or not. Default 128. Too low:
    /// people who meet many others are refused; too high: whoever is declined goes on to the next.
    pub direct_day_max: usize,
    /// The same for a guest. Default 16.
    pub direct_day_guest_max: usize,
    /// Direct rooms that wait for one person's answer; guests open at most half of them. Default
    /// 64. Too low: a few strangers keep all others from writing first; too high: the person's
    /// `hello` reads as many besides `rooms_max`.
    pub direct_waiting_max: usize,
    /// Invitations that one person has and has neither used nor declined. Default 100, more than
    /// that are not shown. Too low: people miss invitations that they want; too high: their `hello`
    /// repeats as many.
    pub invitations_max: usize,
    /// How many of those may be from one person. Default 32. Too low: a friend cannot show all their
    /// rooms; too high: one person takes all the places.
    pub invitations_each_max: usize,
    /// Public and private rooms that one account makes within 24 hours. Default 128, as many as one
    /// may be in. Too low: people who set up a community wait a day; too high: one account spends
    /// names for ever, room by room.
    pub rooms_day_max: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            direct_unanswered_max: 32,
            direct_unanswered_guest_max: 4,
            direct_day_max: 128,
            direct_day_guest_max: 16,
            direct_waiting_max: 64,
            invitations_max: 100,
            invitations_each_max: 32,
            rooms_day_max: 128,
        }
    }
}
