//! The dependencies of rooms: database, settings, clock, randomness.

use crate::api::RoomKey;
use crate::settings::Settings;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sessions::api::Online;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use storage::{ClockWatch, Database};

/// Returns the wall clock's time, ms since 1970.
pub type Clock = fn() -> i64;

/// Returns how long the process has been running; never goes back.
pub type Uptime = fn() -> Duration;

/// Returns sixteen random bytes; room keys must be unguessable.
pub type Random = fn() -> [u8; 16];

/// What the subscriber, the queries and the timers share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    pub(crate) online: Online,
    pub(crate) clock: Clock,
    pub(crate) uptime: Uptime,
    pub(crate) clock_watch: Arc<ClockWatch>,
    random: Random,
}

impl Deps {
    /// Uses the tables in `database`, the set of online people that sessions maintains, and the system's
    /// clock and randomness.
    #[must_use]
    pub fn new(database: Database, settings: Settings, online: Online) -> Self {
        Self {
            clock_watch: Arc::new(ClockWatch::new(&database)),
            uptime,
            database,
            settings,
            online,
            clock: wall_ms,
            random: rand::random,
        }
    }

    /// Replaces the clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Replaces the uptime, for tests.
    #[must_use]
    pub fn with_uptime(mut self, uptime: Uptime) -> Self {
        self.uptime = uptime;
        self
    }

    /// Replaces the randomness, for tests.
    #[must_use]
    pub fn with_random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Generates the key of a room that is not public: `~` and 22 unguessable characters.
    pub(crate) fn new_key(&self) -> RoomKey {
        RoomKey(format!("~{}", URL_SAFE_NO_PAD.encode((self.random)())).into())
    }
}

/// Returns the system's time; a time before 1970 counts as 1970.
fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the time since the first call, by the monotonic clock.
fn uptime() -> Duration {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    STARTED.elapsed()
}
