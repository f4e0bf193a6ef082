//! The subscriber: handles ordered requests, and keeps presence up to date from their events.

use crate::api::{
    Caller, CancelHello, Disconnected, EpochChanged, Hello, KeepConnected, Logout,
    OpenServiceAccount, Picture, PictureHash, PresenceChanged, PresenceLoaded, ProfileSet, Refusal,
    RevokeSession, SessionEnded, SetPicture, SetProfile, StoreReachable,
};
use crate::deps::Deps;
use crate::jobs;
use crate::name::{self, Name};
use crate::presence::{
    ConnectedSession, ConnectedSessionsRead, ConnectionsOpened, Generation, Presence,
    SessionsDisconnected, Tick,
};
use crate::secret::digest_bytes;
use crate::{profile, random, store};
use bus::{Answers, Context, Essential, Handles, LoadError, Reply, Subscriber, Wiring};
use futures_util::FutureExt as _;
use std::sync::Arc;
use storage::{Database, DatabaseChanged, DatabaseState, StorageError};

/// In `session.revoke`, all of the caller's sessions but the current one.
const OTHERS: &str = "others";

/// Opens and closes sessions, and publishes presence.
pub struct Sessions {
    pub(crate) deps: Deps,
    pub(crate) presence: Presence,
    pub(crate) generation: Generation,
    /// What this state began with, until the end of its first turn.
    loaded: Option<PresenceLoaded>,
}

impl Subscriber for Sessions {
    const NAME: &'static str = "sessions";
    type Kind = Essential;
    /// High, so that a reconnect storm becomes few [`PresenceChanged`] events.
    const TURN_MAX: usize = 256;
    type Deps = Deps;

    async fn load(deps: &Deps) -> Result<Self, LoadError> {
        let connected = connected_sessions(&deps.database).await?;
        let generation = deps.next_generation();
        let mut presence = Presence::new(deps.settings.grace_periods(), generation);
        presence.restore(&connected, deps.clock.uptime());
        let loaded = PresenceLoaded {
            online: presence.online(),
            connections_forgotten: generation != Generation::FIRST,
        };
        Ok(Self {
            deps: deps.clone(),
            presence,
            generation,
            loaded: Some(loaded),
        })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .answers::<Hello>()
            .answers::<Disconnected>()
            .answers::<CancelHello>()
            .answers::<KeepConnected>()
            .answers::<Logout>()
            .answers::<RevokeSession>()
            .answers::<OpenServiceAccount>()
            .answers::<SetProfile>()
            .answers::<SetPicture>()
            .on::<ConnectionsOpened>()
            .on::<SessionsDisconnected>()
            .on::<ConnectedSessionsRead>()
            .on::<SessionEnded>()
            .on::<storage::StoreEpochChanged>()
            .on::<DatabaseChanged>()
            .on::<Tick>();
    }

    fn turn_ended(&mut self, ctx: &mut Context) {
        if let Some(loaded) = self.loaded.take() {
            ctx.emit(loaded);
        }
        let changes = self.presence.take_changes();
        if !changes.is_empty() {
            ctx.emit(PresenceChanged { changes });
        }
    }
}

/// Reads all sessions that are marked as connected in storage.
pub(crate) async fn connected_sessions(
    database: &Database,
) -> Result<Vec<ConnectedSession>, StorageError> {
    let read = database.read("sessions.marked", |reader| {
        async move { store::sessions::all_connected(reader).await }.boxed()
    });
    read.await
}

impl Answers<Disconnected> for Sessions {
    fn answer(&mut self, request: Disconnected, reply: Reply<()>, _ctx: &mut Context) {
        let now = self.deps.clock.uptime();
        self.presence.closed(request.connection, request.clean, now);
        reply.answer(());
    }
}

impl Answers<CancelHello> for Sessions {
    fn answer(&mut self, request: CancelHello, reply: Reply<()>, _ctx: &mut Context) {
        let now = self.deps.clock.uptime();
        self.presence.hello_cancelled(request.connection, now);
        reply.answer(());
    }
}

impl Answers<KeepConnected> for Sessions {
    fn answer(
        &mut self,
        _request: KeepConnected,
        reply: Reply<Result<(), Refusal>>,
        _ctx: &mut Context,
    ) {
        self.presence.keep();
        let job = jobs::NoteConnectedSeen {
            seen: self.deps.seen.take(),
            now: self.deps.clock.wall_ms(),
        };
        self.deps.database.submit(job, reply);
    }
}

impl Answers<Logout> for Sessions {
    fn answer(&mut self, request: Logout, reply: Reply<Result<(), Refusal>>, _ctx: &mut Context) {
        let now = self.deps.clock.wall_ms();
        self.deps.database.submit(
            jobs::EndOwnSession {
                caller: request.caller,
                now,
            },
            reply,
        );
    }
}

impl Answers<RevokeSession> for Sessions {
    fn answer(
        &mut self,
        request: RevokeSession,
        reply: Reply<Result<(), Refusal>>,
        _ctx: &mut Context,
    ) {
        let RevokeSession { caller, session } = request;
        let now = self.deps.clock.wall_ms();
        if session == OTHERS {
            self.deps
                .database
                .submit(jobs::RevokeOthers { caller, now }, reply);
            return;
        }
        match session.parse() {
            Ok(session) => {
                let job = jobs::Revoke {
                    caller,
                    session,
                    now,
                };
                self.deps.database.submit(job, reply);
            }
            Err(_) => reply.answer(Err(jobs::NO_SUCH_SESSION)),
        }
    }
}

impl Answers<OpenServiceAccount> for Sessions {
    fn answer(
        &mut self,
        request: OpenServiceAccount,
        reply: Reply<Result<Caller, Refusal>>,
        _ctx: &mut Context,
    ) {
        let OpenServiceAccount { service, name } = request;
        let now = self.deps.clock.wall_ms();
        let refusal = Refusal::BadRequest {
            field: "name",
            expected: name::EXPECTED,
        };
        let job = Name::parse(&name).ok_or(refusal);
        let job = job.map(|name| jobs::OpenService {
            service,
            name,
            user: random::user_id(&*self.deps.random, now),
            now,
        });
        self.deps.database.hand_over(job, reply);
    }
}

impl Answers<SetProfile> for Sessions {
    fn answer(
        &mut self,
        request: SetProfile,
        reply: Reply<Result<ProfileSet, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = self.set_profile(request);
        self.deps.database.hand_over(job, reply);
    }
}

impl Answers<SetPicture> for Sessions {
    fn answer(
        &mut self,
        request: SetPicture,
        reply: Reply<Result<ProfileSet, Refusal>>,
        _ctx: &mut Context,
    ) {
        let job = self.set_picture(request);
        self.deps.database.hand_over(job, reply);
    }
}

impl Sessions {
    fn set_profile(&self, request: SetProfile) -> Result<jobs::SetProfileJob, Refusal> {
        let user = request.caller.user.id;
        let display = profile::display(request.display)?;
        let colour = profile::colour(request.colour)?;
        let removes = profile::removes_picture(request.picture.as_deref())?;
        self.deps.limits.profile_change(user)?;
        Ok(jobs::SetProfileJob {
            user,
            connection: request.connection,
            display,
            colour,
            picture: removes.then_some(None),
            now: self.deps.clock.wall_ms(),
        })
    }

    fn set_picture(&self, request: SetPicture) -> Result<jobs::SetProfileJob, Refusal> {
        let SetPicture { caller, bytes } = request;
        // Anyone may become any number of guests, and each could leave a file.
        if caller.user.guest {
            return Err(Refusal::NotAllowedForGuests);
        }
        let kind = profile::picture_kind(&bytes)?;
        self.deps.limits.profile_change(caller.user.id)?;
        let hash = PictureHash(digest_bytes(&bytes));
        Ok(jobs::SetProfileJob {
            user: caller.user.id,
            connection: None,
            display: None,
            colour: None,
            picture: Some(Some((hash, Picture { kind, bytes }))),
            now: self.deps.clock.wall_ms(),
        })
    }
}

impl Handles<ConnectionsOpened> for Sessions {
    fn handle(&mut self, opened: &Arc<ConnectionsOpened>, _ctx: &mut Context) {
        let now = self.deps.clock.uptime();
        for opening in &opened.0 {
            self.presence.opened(opening, now);
        }
    }
}

impl Handles<SessionsDisconnected> for Sessions {
    fn handle(&mut self, left: &Arc<SessionsDisconnected>, _ctx: &mut Context) {
        self.presence.disconnected(&left.0);
    }
}

impl Handles<ConnectedSessionsRead> for Sessions {
    fn handle(&mut self, counted: &Arc<ConnectedSessionsRead>, _ctx: &mut Context) {
        let now = self.deps.clock.uptime();
        for marked in &counted.0 {
            self.presence.reconcile(marked, now);
        }
    }
}

impl Handles<SessionEnded> for Sessions {
    fn handle(&mut self, ended: &Arc<SessionEnded>, _ctx: &mut Context) {
        let now = self.deps.clock.uptime();
        self.presence.ended(ended.session, now);
    }
}

impl Handles<storage::StoreEpochChanged> for Sessions {
    fn handle(&mut self, changed: &Arc<storage::StoreEpochChanged>, ctx: &mut Context) {
        if changed.database == self.deps.database.name() {
            let epoch = changed.epoch.clone();
            ctx.emit(EpochChanged { epoch });
        }
    }
}

impl Handles<DatabaseChanged> for Sessions {
    fn handle(&mut self, changed: &Arc<DatabaseChanged>, ctx: &mut Context) {
        if changed.database == self.deps.database.name() {
            match changed.is {
                DatabaseState::Lost => ctx.emit(StoreReachable(false)),
                DatabaseState::Connected | DatabaseState::Degraded => {
                    ctx.emit(StoreReachable(true));
                }
                DatabaseState::Connecting | DatabaseState::Closed => {}
            }
        }
    }
}

impl Handles<Tick> for Sessions {
    fn handle(&mut self, _tick: &Arc<Tick>, ctx: &mut Context) {
        let due = self.presence.due(self.deps.clock.uptime());
        if !due.is_empty() {
            let job = jobs::Disconnect {
                due,
                now: self.deps.clock.wall_ms(),
            };
            self.deps.database.submit_from(job, ctx.origin());
        }
    }
}
