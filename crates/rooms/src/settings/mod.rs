//! The settings of rooms.

mod rows;

use std::time::Duration;

/// The limits of rooms and the retention of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The number of rooms one user may be a member of. Direct rooms count, except those that others
    /// opened and the user has not answered. Default 128. Too low: people must leave a room to join
    /// another; too high: every `hello` of such a user reads and replays that many.
    pub rooms_max: usize,
    /// The limits for direct rooms, invitations and new rooms per person.
    pub quotas: Quotas,
    /// The number of people in the online list of one room (`join`, `presence`). Default 100. Too low:
    /// clients show few of the people online; too high: joining a large room costs every client
    /// kilobytes.
    pub presence_max: usize,
    /// The number of concurrent reads (`log`, `members`, gaps in the fan-out,
    /// followers of the logs). Default 8. Too low: reads
    /// wait although the database is idle; too high: reads take all the connections and commits wait
    /// for one.
    pub reads_max: usize,
    /// Entries older than this are deleted, except the last of each room; zero keeps all. Default zero.
    /// Too low: people miss what they have not read; too high: the database grows.
    pub retention: Duration,
    /// The maximum number of entries that one run of retention deletes; it runs every ten minutes.
    /// Default 200,000. Too low: a busy server keeps entries for longer than it should; too high: a
    /// mistaken run deletes much before anyone notices, and keeps the write lanes busy for long.
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

/// What one person may start before others have agreed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotas {
    /// The number of direct rooms opened by one account that the other person has not answered.
    /// Default 32. Too low: people cannot write to several others who are away; too high: one account
    /// writes to everybody.
    pub direct_unanswered_max: usize,
    /// Like `direct_unanswered_max`, for a guest. Default 4.
    pub direct_unanswered_guest_max: usize,
    /// The number of direct rooms that one account opens within 24 hours, answered or not. Default 128.
    /// Too low: people who meet many others are refused; too high: someone who is declined goes on to
    /// the next person.
    pub direct_day_max: usize,
    /// Like `direct_day_max`, for a guest. Default 16.
    pub direct_day_guest_max: usize,
    /// The number of direct rooms that wait for one person's answer; guests may open half of them.
    /// Default 64. Too low: a few strangers keep all others from writing first; too high: the person's
    /// `hello` reads as many in addition to `rooms_max`.
    pub direct_waiting_max: usize,
    /// The number of pending invitations of one person. Default 100; clients are shown no more than 100.
    /// Too low: people miss invitations that they want; too high: their `hello` repeats as many.
    pub invitations_max: usize,
    /// The number of those that may be from one person. Default 32. Too low: a friend cannot invite into
    /// all their rooms; too high: one person uses up the other's limit.
    pub invitations_each_max: usize,
    /// The number of public and private rooms that one account creates within 24 hours. Default 128, the
    /// same as `rooms_max`. Too low: people who set up a community wait a day; too high: one account
    /// takes many names, which stay taken for ever.
    pub rooms_day_max: usize,
    /// The number of links of one room, those that ended within 24 hours included. Default 100; clients are
    /// shown no more than 100. Too low: people wait a day to replace their links; too high: `links` and
    /// `link.create` read as many rows.
    pub links_max: usize,
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
            links_max: 100,
        }
    }
}
