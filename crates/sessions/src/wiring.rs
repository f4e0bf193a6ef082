//! Adds sessions to a server.

use crate::api::{
    Authenticate, ChangePassword, DeleteAccount, EpochChanged, GuestExpired, GuestsUpgraded,
    ListSessions, Login, PeopleEnded, PeopleForgettable, PresenceChanged, PresenceLoaded,
    ProfileChanged, ReadPicture, ReadProfiles, Register, SessionEnded, StoreReachable,
    UpgradeGuest, UserRenamed,
};
use crate::deps::Deps;
use crate::queries::Queries;
use crate::subscriber::Sessions;
use bus::Builder;
use std::sync::Arc;

/// The names of the semaphores for concurrent answers.
const READS: &str = "sessions.reads";
const PASSWORDS: &str = "sessions.passwords";

/// Adds the subscriber and all concurrent answerers of sessions.
pub fn wire(builder: &mut Builder, deps: &Deps) {
    let queries = Arc::new(Queries::new(deps));
    let settings = &deps.settings;
    let reads = settings.reads_at_once.max(1);
    // The hasher has its own limit and refusal; this one must be higher, so that it never applies
    // first.
    let passwords = settings
        .hashes_at_once
        .saturating_add(settings.hashes_waiting)
        .max(1)
        + reads;
    builder
        .essential::<Sessions>(deps.clone())
        .states::<PresenceLoaded>()
        .states::<PresenceChanged>()
        .states::<SessionEnded>()
        .states::<UserRenamed>()
        .states::<GuestExpired>()
        .states::<GuestsUpgraded>()
        .states::<ProfileChanged>()
        .states::<PeopleEnded>()
        .states::<PeopleForgettable>()
        .states::<EpochChanged>()
        .states::<StoreReachable>()
        .reads::<Authenticate, _>(READS, reads, Arc::clone(&queries))
        .reads::<ReadProfiles, _>(READS, reads, Arc::clone(&queries))
        .reads::<ReadPicture, _>(READS, reads, Arc::clone(&queries))
        .reads::<ListSessions, _>(READS, reads, Arc::clone(&queries))
        .reads::<Register, _>(PASSWORDS, passwords, Arc::clone(&queries))
        .reads::<UpgradeGuest, _>(PASSWORDS, passwords, Arc::clone(&queries))
        .reads::<Login, _>(PASSWORDS, passwords, Arc::clone(&queries))
        .reads::<ChangePassword, _>(PASSWORDS, passwords, Arc::clone(&queries))
        .reads::<DeleteAccount, _>(PASSWORDS, passwords, queries);
}
