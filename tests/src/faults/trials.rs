//! The long forms: what `just torture` runs.

use crate::faults::{
    Misdeed, Rank, Report, Size, beside_away, beside_hidden, beside_lost_later, black_hole,
    blocked_log, deaf, failed_sync, full_disk, half_open, hung, killed_connections, locked,
    misbehaving, no_descriptors, restarted, slow, stopped,
};
use crate::store::{Kind, Place, Store, judge_at};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// One of them, at one or several places.
pub struct Trial {
    /// What it is called on the command line.
    pub name: &'static str,
    places: &'static [Place],
    run: fn(Store) -> BoxFuture<'static, Report>,
}

impl Trial {
    /// Runs it at all its places, each with a report that is as it should be.
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

/// All of them, in the order in which they run.
pub const TRIALS: &[Trial] = &[
    Trial {
        name: "stopped",
        places: ALONE,
        run: |store| stopped(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "restarted",
        places: ALONE,
        run: |store| restarted(store, LONG).boxed(),
    },
    Trial {
        name: "hung",
        places: ALONE,
        run: |store| hung(store, LONG, seconds(20)).boxed(),
    },
    Trial {
        name: "killed-connections",
        places: POSTGRES,
        run: |store| killed_connections(store, LONG, seconds(20)).boxed(),
    },
    Trial {
        name: "black-hole",
        places: POSTGRES,
        run: |store| black_hole(store, LONG, seconds(20)).boxed(),
    },
    Trial {
        name: "deaf",
        places: POSTGRES,
        run: |store| deaf(store, LONG, seconds(20)).boxed(),
    },
    Trial {
        name: "slow",
        places: BOTH,
        run: |store| slow(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "locked-1",
        places: SQLITE,
        run: |store| locked(store, LONG, seconds(1)).boxed(),
    },
    Trial {
        name: "locked-4",
        places: SQLITE,
        run: |store| locked(store, LONG, seconds(4)).boxed(),
    },
    Trial {
        name: "locked-10",
        places: SQLITE,
        run: |store| locked(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "full-disk",
        places: SMALL_DISKS,
        run: |store| full_disk(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "failed-sync",
        places: SQLITE,
        run: |store| failed_sync(store, LONG).boxed(),
    },
    Trial {
        name: "beside-hidden",
        places: BOTH,
        run: |store| beside_hidden(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "beside-later",
        places: BOTH,
        run: |store| beside_lost_later(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "beside-away",
        places: BOTH,
        run: |store| beside_away(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "panics",
        places: BOTH,
        run: |store| misbehaving(store, LONG, seconds(10), Misdeed::Panics, Rank::Isolated).boxed(),
    },
    Trial {
        name: "hangs",
        places: BOTH,
        run: |store| misbehaving(store, LONG, seconds(10), Misdeed::Hangs, Rank::Isolated).boxed(),
    },
    Trial {
        name: "ends",
        places: BOTH,
        run: |store| misbehaving(store, LONG, seconds(10), Misdeed::Ends, Rank::Isolated).boxed(),
    },
    Trial {
        name: "essential-panics",
        places: BOTH,
        run: |store| {
            misbehaving(store, LONG, seconds(10), Misdeed::Panics, Rank::Essential).boxed()
        },
    },
    Trial {
        name: "essential-hangs",
        places: BOTH,
        run: |store| misbehaving(store, LONG, seconds(10), Misdeed::Hangs, Rank::Essential).boxed(),
    },
    Trial {
        name: "essential-ends",
        places: BOTH,
        run: |store| misbehaving(store, LONG, seconds(10), Misdeed::Ends, Rank::Essential).boxed(),
    },
    Trial {
        name: "descriptors",
        places: BOTH,
        run: |store| no_descriptors(store, LONG, seconds(10)).boxed(),
    },
    Trial {
        name: "half-open",
        places: BOTH,
        run: |store| half_open(store, LONG, seconds(20)).boxed(),
    },
    Trial {
        name: "blocked-log",
        places: BOTH,
        run: |store| blocked_log(store, LONG, seconds(10)).boxed(),
    },
];
