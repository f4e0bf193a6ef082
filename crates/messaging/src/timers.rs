//! What messaging does from time to time: rows that nobody needs any more are removed, a share at a
//! time.

use crate::jobs::{ForgetMessagesJob, SweepMarkersJob};
use crate::store::markers::{self, Marker};
use crate::store::{reactions, states};
use crate::{Deps, Messaging};
use bus::{Subscriber as _, Tasks};
use rooms::api::catalogue::{self, TruncatedRoom};
use rooms::api::{RoomId, RoomKey};
use sessions::api::{UserId, directory};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use storage::prelude::*;

/// How soon after the start rows are looked for that nobody needs, and how often then.
const SOON: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_secs(10 * 60);
/// How much earlier or later a timer may come.
const JITTER: f64 = 0.2;
/// How long a write may wait: nobody is waiting for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Rooms looked at in one read.
const ROOMS_MAX: usize = 500;
/// Markers looked at in one read, and reads of one run.
const MARKERS_MAX: i64 = 1_000;
const PAGES_MAX: usize = 5;

/// Where the next look at markers begins.
type Cursor = Arc<Mutex<(UserId, RoomId)>>;

/// Before all markers.
const BEGINNING: (UserId, RoomId) = (UserId([0; 16]), RoomId(0));

/// Starts the timers of messaging.
pub fn tasks(tasks: &Tasks, deps: &Deps) {
    let owner = Messaging::NAME;
    let (deps, cursor) = (deps.clone(), Cursor::new(Mutex::new(BEGINNING)));
    let (first, its) = (deps.clone(), Arc::clone(&cursor));
    tasks.delayed(owner, "messaging.first_sweep", SOON, async move {
        if let Err(error) = begin(&first, &its).await {
            tracing::warn!(%error, "could not look for rows that nobody needs; tries again");
        }
    });
    tasks.periodic(owner, "messaging.sweep", EVERY, JITTER, move || {
        let (deps, cursor) = (deps.clone(), Arc::clone(&cursor));
        async move { sweep(&deps, &cursor).await }
    });
}

async fn begin(deps: &Deps, cursor: &Cursor) -> anyhow::Result<()> {
    forget_what_is_left(deps).await?;
    sweep(deps, cursor).await
}

/// States and reactions of messages that rooms has forgotten: a crash came between the two.
async fn forget_what_is_left(deps: &Deps) -> anyhow::Result<()> {
    let mut after = RoomId(0);
    loop {
        let read = deps.database.read("messaging.leftovers", move |reader| {
            Box::pin(async move {
                let rooms = catalogue::truncated_rooms(reader, after, ROOMS_MAX).await?;
                let last = rooms.last().map(|room| room.id);
                Ok((with_leftovers(reader, rooms).await?, last))
            })
        });
        let (rooms, last) = read.await?;
        for room in rooms {
            let job = ForgetMessagesJob {
                room: room.id,
                key: room.key,
                places: (0, room.kept_from),
            };
            let Ok(()) = deps.database.write(job, WRITE_WITHIN).await?;
        }
        let Some(last) = last else { return Ok(()) };
        after = last;
    }
}

async fn with_leftovers(
    access: &mut impl Access,
    rooms: Vec<TruncatedRoom>,
) -> Result<Vec<TruncatedRoom>, Fault> {
    let mut found = Vec::new();
    for room in rooms {
        if states::any_below(access, room.id, room.kept_from).await?
            || reactions::any_below(access, room.id, room.kept_from).await?
        {
            found.push(room);
        }
    }
    Ok(found)
}

/// Looks at the next markers, and removes those that nobody reads on from.
async fn sweep(deps: &Deps, cursor: &Cursor) -> anyhow::Result<()> {
    for _ in 0..PAGES_MAX {
        let from = *cursor.lock().unwrap_or_else(PoisonError::into_inner);
        let read = deps.database.read("messaging.markers", move |reader| {
            Box::pin(async move {
                let markers = markers::after(reader, from, MARKERS_MAX).await?;
                let last = markers.last().map(|marker| (marker.user, marker.room));
                Ok((useless(reader, markers).await?, last))
            })
        });
        let (useless, last) = read.await?;
        for (room, markers) in useless {
            let Ok(()) = deps
                .database
                .write(SweepMarkersJob { room, markers }, WRITE_WITHIN)
                .await?;
        }
        *cursor.lock().unwrap_or_else(PoisonError::into_inner) = last.unwrap_or(BEGINNING);
        if last.is_none() {
            break;
        }
    }
    Ok(())
}

/// By room, those of people who are over or no members.
async fn useless(
    access: &mut impl Access,
    markers: Vec<Marker>,
) -> Result<HashMap<RoomKey, Vec<Marker>>, Fault> {
    let pairs: Vec<_> = markers.iter().map(|row| (row.room, row.user)).collect();
    let members = catalogue::members_among(access, &pairs).await?;
    let users: HashSet<UserId> = markers.iter().map(|row| row.user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let living = directory::living(access, &users).await?;
    let is_useless =
        |row: &Marker| !members.contains(&(row.room, row.user)) || !living.contains(&row.user);
    let useless: Vec<Marker> = markers.into_iter().filter(is_useless).collect();
    let rooms: Vec<RoomId> = useless.iter().map(|row| row.room).collect();
    let keys = catalogue::keys(access, &rooms).await?;
    let mut by_room: HashMap<RoomKey, Vec<Marker>> = HashMap::new();
    for row in useless {
        if let Some(key) = keys.get(&row.room) {
            by_room.entry(key.clone()).or_default().push(row);
        }
    }
    Ok(by_room)
}
