//! How sessions are put into a server.

use crate::api::{Authenticate, ChangePassword, DeleteAccount, ListSessions, Login, Register};
use crate::reader::Reader;
use crate::seed::Seed;
use crate::subscriber::Sessions;
use bus::Builder;
use std::sync::Arc;

/// The semaphores of the concurrent answers.
const READS: &str = "sessions.reads";
const PASSWORDS: &str = "sessions.passwords";

/// Adds the subscriber and all concurrent answers of sessions.
pub fn wire(builder: &mut Builder, seed: &Seed) {
    let reader = Arc::new(Reader::new(seed));
    let settings = &seed.settings;
    let reads = settings.reads_at_once.max(1);
    // The hasher has a bound and a refusal of its own; this one only must not come before it.
    let passwords = settings
        .hashes_at_once
        .saturating_add(settings.hashes_waiting)
        .max(1)
        + reads;
    builder
        .essential::<Sessions>(seed.clone())
        .reads::<Authenticate, _>(READS, reads, Arc::clone(&reader))
        .reads::<ListSessions, _>(READS, reads, Arc::clone(&reader))
        .reads::<Register, _>(PASSWORDS, passwords, Arc::clone(&reader))
        .reads::<Login, _>(PASSWORDS, passwords, Arc::clone(&reader))
        .reads::<ChangePassword, _>(PASSWORDS, passwords, Arc::clone(&reader))
        .reads::<DeleteAccount, _>(PASSWORDS, passwords, reader);
}
