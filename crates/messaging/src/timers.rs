//! The periodic task of messaging: removing rows that are no longer needed, a limited number per run.

use crate::jobs::{ForgetMessagesJob, SweepMarkersJob};
use crate::store::markers::{self, Marker};
use crate::store::{reactions, states};
use crate::{Deps, Messaging};
use bus::{Subscriber as _, Tasks};
use parking_lot::Mutex;
use rooms::api::catalogue::{self, TruncatedRoom};
use rooms::api::{RoomId, RoomKey};
use sessions::api::{UserId, directory};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use storage::prelude::*;

/// The delay of the first sweep, and the interval after it.
const FIRST_DELAY: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_secs(10 * 60);
/// The fraction by which an interval may be shorter or longer.
const JITTER: f64 = 0.2;
/// The time limit for a write; generous, since nobody waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// The number of rooms read in one query.
const ROOMS_MAX: usize = 500;
/// The number of markers read in one query, and the number of such queries per sweep.
const MARKERS_MAX: i64 = 1_000;
const PAGES_MAX: usize = 5;

/// The marker after which the next sweep begins.
type Cursor = Arc<Mutex<(UserId, RoomId)>>;

/// The cursor before all markers.
const BEGINNING: (UserId, RoomId) = (UserId([0; 16]), RoomId(0));

/// Starts the periodic task of messaging.
pub fn tasks(tasks: &Tasks, deps: &Deps) {
    let owner = Messaging::NAME;
    let (deps, cursor) = (deps.clone(), Cursor::new(Mutex::new(BEGINNING)));
    let (first_deps, first_cursor) = (deps.clone(), Arc::clone(&cursor));
    tasks.delayed(owner, "messaging.first_sweep", FIRST_DELAY, async move {
        if let Err(error) = first_sweep(&first_deps, &first_cursor).await {
            tracing::warn!(%error, "could not remove rows that are no longer needed, will retry");
        }
    });
    tasks.periodic(owner, "messaging.sweep", INTERVAL, JITTER, move || {
        let (deps, cursor) = (deps.clone(), Arc::clone(&cursor));
        async move { sweep(&deps, &cursor).await }
    });
}

async fn first_sweep(deps: &Deps, cursor: &Cursor) -> anyhow::Result<()> {
    remove_leftovers(deps).await?;
    sweep(deps, cursor).await
}

/// Removes states and reactions of messages that retention deleted just before a crash.
async fn remove_leftovers(deps: &Deps) -> anyhow::Result<()> {
    let mut after = RoomId(0);
    loop {
        let read = deps.database.read("messaging.leftovers", move |access| {
            Box::pin(async move {
                let rooms = catalogue::truncated_rooms(access, after, ROOMS_MAX).await?;
                let last = rooms.last().map(|room| room.id);
                Ok((with_leftovers(access, rooms).await?, last))
            })
        });
        let (rooms, last) = read.await?;
        for room in rooms {
            let job = ForgetMessagesJob {
                room: room.id,
                key: room.key,
                range: (0, room.kept_from),
            };
            let Ok(()) = deps.database.write(job, WRITE_TIMEOUT).await?;
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
        if states::exist_below(access, room.id, room.kept_from).await?
            || reactions::exist_below(access, room.id, room.kept_from).await?
        {
            found.push(room);
        }
    }
    Ok(found)
}

/// Reads the next markers and removes those that are no longer needed.
async fn sweep(deps: &Deps, cursor: &Cursor) -> anyhow::Result<()> {
    for _ in 0..PAGES_MAX {
        let from = *cursor.lock();
        let read = deps.database.read("messaging.markers", move |access| {
            Box::pin(async move {
                let markers = markers::after(access, from, MARKERS_MAX).await?;
                let last = markers.last().map(|marker| (marker.user, marker.room));
                Ok((unneeded(access, markers).await?, last))
            })
        });
        let (unneeded, last) = read.await?;
        for (room, markers) in unneeded {
            let Ok(()) = deps
                .database
                .write(SweepMarkersJob { room, markers }, WRITE_TIMEOUT)
                .await?;
        }
        *cursor.lock() = last.unwrap_or(BEGINNING);
        if last.is_none() {
            break;
        }
    }
    Ok(())
}

/// Returns the markers, by room, of people who have ended or are not members.
async fn unneeded(
    access: &mut impl Access,
    markers: Vec<Marker>,
) -> Result<HashMap<RoomKey, Vec<Marker>>, Fault> {
    let pairs: Vec<_> = markers.iter().map(|row| (row.room, row.user)).collect();
    let members = catalogue::members_among(access, &pairs).await?;
    let users: HashSet<UserId> = markers.iter().map(|row| row.user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let living = directory::living(access, &users).await?;
    let is_unneeded =
        |row: &Marker| !members.contains(&(row.room, row.user)) || !living.contains(&row.user);
    let unneeded: Vec<Marker> = markers.into_iter().filter(is_unneeded).collect();
    let rooms: Vec<RoomId> = unneeded.iter().map(|row| row.room).collect();
    let keys = catalogue::keys(access, &rooms).await?;
    let mut by_room: HashMap<RoomKey, Vec<Marker>> = HashMap::new();
    for row in unneeded {
        if let Some(key) = keys.get(&row.room) {
            by_room.entry(key.clone()).or_default().push(row);
        }
    }
    Ok(by_room)
}
