//! The dependencies of rooms: database, settings, clock, randomness.

use crate::api::RoomKey;
use crate::jobs::links::LinkSeed;
use crate::settings::Settings;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bus::{Clock, SystemClock};
use parking_lot::RwLock;
use sessions::api::OnlineUsers;
use std::sync::Arc;
use storage::{ClockWatch, Database};

/// Returns sixteen random bytes; room keys and the codes of links must be unguessable.
pub type RandomBytes = fn() -> [u8; 16];

/// What the subscriber, the queries and the timers share. Cheap to clone.
#[derive(Clone)]
pub struct Deps {
    pub(crate) database: Database,
    pub(crate) settings: Settings,
    /// A copy of who is online, for the concurrent reads. The subscriber keeps it up to date.
    pub(crate) online: Arc<RwLock<OnlineUsers>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) clock_watch: Arc<ClockWatch>,
    random: RandomBytes,
}

impl Deps {
    /// Uses the tables in `database`, and the system's clock and randomness.
    #[must_use]
    pub fn new(database: Database, settings: Settings) -> Self {
        Self {
            clock_watch: Arc::new(ClockWatch::new(&database)),
            database,
            settings,
            online: Arc::default(),
            clock: Arc::new(SystemClock::new()),
            random: rand::random,
        }
    }

    /// Replaces the clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Replaces the randomness, for tests.
    #[must_use]
    pub fn with_random(mut self, random: RandomBytes) -> Self {
        self.random = random;
        self
    }

    /// Generates what is random in a link.
    pub(crate) fn new_link(&self) -> LinkSeed {
        let halves = [(self.random)(), (self.random)()];
        let mut nonce = [0; 32];
        nonce.copy_from_slice(halves.as_flattened());
        LinkSeed {
            id: (self.random)(),
            nonce,
        }
    }

    /// Generates the key of a room that is not public: `~` and 22 unguessable characters.
    pub(crate) fn new_key(&self) -> RoomKey {
        RoomKey(format!("~{}", URL_SAFE_NO_PAD.encode((self.random)())).into())
    }
}
