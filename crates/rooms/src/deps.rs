//! What rooms are made from.

use crate::api::RoomKey;
use crate::settings::Settings;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sessions::api::Online;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use storage::{ClockWatch, Database};

/// What time it is, ms since 1970.
pub type Clock = fn() -> i64;

/// For how long the process has been running.
pub type Uptime = fn() -> Duration;

/// Sixteen random bytes.
pub type Random = fn() -> [u8; 16];

/// The subscriber's and the reader's common ground.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    pub(crate) online: Online,
    pub(crate) clock: Clock,
    pub(crate) uptime: Uptime,
    pub(crate) watch: Arc<ClockWatch>,
    random: Random,
}

impl Deps {
    /// Tables in `database`; `online` is sessions' snapshot of who is there. The machine's own
    /// clock and randomness.
    #[must_use]
    pub fn new(database: Database, settings: Settings, online: Online) -> Self {
        Self {
            watch: Arc::new(ClockWatch::new(&database)),
            uptime,
            database,
            settings,
            online,
            clock: wall_ms,
            random: rand::random,
        }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// With another uptime.
    #[must_use]
    pub fn with_uptime(mut self, uptime: Uptime) -> Self {
        self.uptime = uptime;
        self
    }

    /// With other randomness.
    #[must_use]
    pub fn with_random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The key of a room that is not public: `~` and 22 characters that nobody can guess.
    pub(crate) fn new_key(&self) -> RoomKey {
        RoomKey(format!("~{}", URL_SAFE_NO_PAD.encode((self.random)())).into())
    }
}

/// A clock before 1970 counts as 1970.
fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Since it was first asked for; it never goes back, whatever becomes of the clock.
fn uptime() -> Duration {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    STARTED.elapsed()
}
