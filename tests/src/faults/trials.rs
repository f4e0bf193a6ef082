//! The long forms of the trials, for `just torture`.

use crate::faults::{
    Misbehaviour, Rank, Report, Size, beside_away, beside_hidden, beside_lost_later, black_hole,
    blocked_log, deaf, failed_sync, full_disk, half_open, hung, killed_connections, locked,
    misbehaving, no_descriptors, restarted, slow, stopped,
};
use crate::store::{Kind, Place, Store, judge_at};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// One trial, in one or several places.
pub struct Trial {
    /// Its name on the command line.
    pub name: &'static str,
    places: &'static [Place],
    run: Run,
}

type Run = fn(Store) -> BoxFuture<'static, Report>;

impl Trial {
    /// Runs the trial in all its places and returns a checked report of each.
    pub fn reports(&self) -> impl Iterator<Item = Report> + '_ {
        let places = self.places.iter();
        places.map(|place| judge_at(*place, self.name, self.run))
    }
}

const BOTH: &[Place] = &[Place::Usual(Kind::Sqlite), Place::Usual(Kind::Postgres)];
const SQLITE: &[Place] = &[Place::Usual(Kind::Sqlite)];
const POSTGRES: &[Place] = &[Place::Usual(Kind::Postgres)];
const ALONE: &[Place] = &[Place::Alone];
const SMALL_DISKS: &[Place] = &[
    Place::SmallDisk(Kind::Sqlite, 64),
    Place::SmallDisk(Kind::Postgres, 160),
];

const LONG: Size = Size::Long;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// All trials, in the order in which they run.
pub const TRIALS: &[Trial] = &[
    trial("stopped", ALONE, |store| {
        stopped(store, LONG, seconds(10)).boxed()
    }),
    trial("restarted", ALONE, |store| {
        restarted(store, LONG, 3).boxed()
    }),
    trial("hung", ALONE, |store| {
        hung(store, LONG, seconds(20)).boxed()
    }),
    trial("killed-connections", POSTGRES, |store| {
        killed_connections(store, LONG, seconds(20)).boxed()
    }),
    trial("black-hole", POSTGRES, |store| {
        black_hole(store, LONG, seconds(20)).boxed()
    }),
    trial("deaf", POSTGRES, |store| {
        deaf(store, LONG, seconds(20)).boxed()
    }),
    trial("slow", BOTH, |store| slow(store, LONG, seconds(10)).boxed()),
    trial("locked-1", SQLITE, |store| {
        locked(store, LONG, seconds(1)).boxed()
    }),
    trial("locked-4", SQLITE, |store| {
        locked(store, LONG, seconds(4)).boxed()
    }),
    trial("locked-10", SQLITE, |store| {
        locked(store, LONG, seconds(10)).boxed()
    }),
    trial("full-disk", SMALL_DISKS, |store| {
        full_disk(store, LONG, seconds(10)).boxed()
    }),
    trial("failed-sync", SQLITE, |store| {
        failed_sync(store, LONG).boxed()
    }),
    trial("beside-hidden", BOTH, |store| {
        beside_hidden(store, LONG, seconds(10)).boxed()
    }),
    trial("beside-later", BOTH, |store| {
        beside_lost_later(store, LONG, seconds(10)).boxed()
    }),
    trial("beside-away", BOTH, |store| {
        beside_away(store, LONG, seconds(10)).boxed()
    }),
    trial("panics", BOTH, |store| {
        misbehaving(
            store,
            LONG,
            seconds(10),
            Misbehaviour::Panics,
            Rank::Isolated,
        )
        .boxed()
    }),
    trial("hangs", BOTH, |store| {
        misbehaving(
            store,
            LONG,
            seconds(10),
            Misbehaviour::Hangs,
            Rank::Isolated,
        )
        .boxed()
    }),
    trial("ends", BOTH, |store| {
        misbehaving(store, LONG, seconds(10), Misbehaviour::Ends, Rank::Isolated).boxed()
    }),
    trial("essential-panics", BOTH, |store| {
        misbehaving(
            store,
            LONG,
            seconds(10),
            Misbehaviour::Panics,
            Rank::Essential,
        )
        .boxed()
    }),
    trial("essential-hangs", BOTH, |store| {
        misbehaving(
            store,
            LONG,
            seconds(10),
            Misbehaviour::Hangs,
            Rank::Essential,
        )
        .boxed()
    }),
    trial("essential-ends", BOTH, |store| {
        misbehaving(
            store,
            LONG,
            seconds(10),
            Misbehaviour::Ends,
            Rank::Essential,
        )
        .boxed()
    }),
    trial("descriptors", BOTH, |store| {
        no_descriptors(store, LONG, seconds(10)).boxed()
    }),
    trial("half-open", BOTH, |store| {
        half_open(store, LONG, seconds(20)).boxed()
    }),
    trial("blocked-log", BOTH, |store| {
        blocked_log(store, LONG, seconds(10)).boxed()
    }),
];

const fn trial(name: &'static str, places: &'static [Place], run: Run) -> Trial {
    Trial { name, places, run }
}
