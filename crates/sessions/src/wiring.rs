//! How sessions are put into a server.

use crate::api::{Authenticate, ChangePassword, ListSessions, Login, Register};
use crate::clock::millis;
use crate::jobs::{Expire, Touch};
use crate::presence::Tick;
use crate::reader::Reader;
use crate::seed::Seed;
use crate::subscriber::Sessions;
use bus::{Builder, Bus, Subscriber as _, Tasks};
use std::sync::Arc;
use std::time::Duration;

/// How often graces are looked at: short against the shortest of them.
const TICK: Duration = Duration::from_millis(250);
/// How often it is written down who was seen without a connection.
const SEEN: Duration = Duration::from_secs(60);
/// How often the unseen are looked for.
const EXPIRY: Duration = Duration::from_secs(10 * 60);
/// How much earlier or later a slow timer may come.
const JITTER: f64 = 0.2;
/// How long a timer's write may wait: nobody is waiting for it.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// The semaphores of the concurrent answers.
const READS: &str = "sessions.reads";
const PASSWORDS: &str = "sessions.passwords";

/// Adds the subscriber and all concurrent answers of sessions.
pub fn wire(builder: &mut Builder, seed: &Seed) {
    let reader = Arc::new(Reader::new(seed));
    let settings = &seed.settings;
    let reads = settings.reads_at_once;
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
        .reads::<ChangePassword, _>(PASSWORDS, passwords, reader);
}

/// Starts the timers of sessions: graces, who was seen, who has not been for too long.
pub fn tasks(tasks: &Tasks, bus: &Bus, seed: &Seed) {
    let bus = bus.clone();
    tasks.periodic(Sessions::NAME, "sessions.tick", TICK, 0.0, move || {
        let bus = bus.clone();
        async move {
            bus.publish(Tick).await;
            Ok(())
        }
    });
    let ground = seed.clone();
    tasks.periodic(Sessions::NAME, "sessions.seen", SEEN, JITTER, move || {
        write_seen(ground.clone())
    });
    let ground = seed.clone();
    tasks.periodic(
        Sessions::NAME,
        "sessions.expiry",
        EXPIRY,
        JITTER,
        move || expire(ground.clone()),
    );
}

pub(crate) async fn write_seen(seed: Seed) -> anyhow::Result<()> {
    seed.attempts.forget_old();
    let sessions = seed.take_seen();
    if sessions.is_empty() {
        return Ok(());
    }
    let job = Touch {
        seen: sessions,
        now: seed.clock.wall_ms(),
    };
    let Ok(()) = seed.database.write(job, WRITE_WITHIN).await?;
    Ok(())
}

pub(crate) async fn expire(seed: Seed) -> anyhow::Result<()> {
    let job = Expire {
        now: seed.clock.wall_ms(),
        session_unseen_ms: millis(seed.settings.session_unseen),
        guest_unseen_ms: millis(seed.settings.guest_unseen),
    };
    let Ok(()) = seed.database.write(job, WRITE_WITHIN).await?;
    Ok(())
}
