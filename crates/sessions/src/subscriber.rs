//! The subscriber: handles ordered requests, and keeps presence up to date from their events.

use crate::api::{
    CancelHello, Disconnected, EpochChanged, Hello, KeepConnected, Logout, PresenceChanged,
    Refusal, RevokeSession, SessionEnded, StoreReachable,
};
use crate::deps::Deps;
use crate::jobs;
use crate::presence::{
    ConnectedSession, ConnectedSessionsRead, ConnectionsOpened, SessionsDisconnected, Tick,
};
use crate::store;
use bus::{Answers, Context, Handles, LoadError, Reply, Subscriber, Wiring};
use futures_util::FutureExt as _;
use std::sync::Arc;
use storage::{Database, DatabaseChanged, DatabaseState, StorageError};

/// In `session.revoke`, all of the caller's sessions but the current one.
const OTHERS: &str = "others";

/// Opens and closes sessions, and publishes presence.
pub struct Sessions {
    pub(crate) deps: Deps,
}

impl Subscriber for Sessions {
    const NAME: &'static str = "sessions";
    /// High, so that a reconnect storm becomes few [`PresenceChanged`] events.
    const TURN_MAX: usize = 256;
    type Deps = Deps;

    async fn load(deps: &Deps) -> Result<Self, LoadError> {
        let connected = connected_sessions(&deps.database).await?;
        let now = deps.clock.uptime();
        let mut presence = deps.presence();
        for session in &connected {
            presence.restore(session, now);
        }
        drop(presence);
        Ok(Self { deps: deps.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .answers::<Hello>()
            .answers::<Disconnected>()
            .answers::<CancelHello>()
            .answers::<KeepConnected>()
            .answers::<Logout>()
            .answers::<RevokeSession>()
            .on::<ConnectionsOpened>()
            .on::<SessionsDisconnected>()
            .on::<ConnectedSessionsRead>()
            .on::<SessionEnded>()
            .on::<storage::StoreEpochChanged>()
            .on::<DatabaseChanged>()
            .on::<Tick>();
    }

    async fn turn_ended(&mut self, ctx: &mut Context) -> anyhow::Result<()> {
        let changes = self.deps.presence().take_changes();
        if !changes.is_empty() {
            ctx.emit(PresenceChanged { changes });
        }
        Ok(())
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
    async fn answer(
        &mut self,
        request: Disconnected,
        reply: Reply<()>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.deps.clock.uptime();
        self.deps
            .presence()
            .closed(request.connection, request.clean, now);
        reply.answer(());
        Ok(())
    }
}

impl Answers<CancelHello> for Sessions {
    async fn answer(
        &mut self,
        request: CancelHello,
        reply: Reply<()>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.deps.clock.uptime();
        self.deps
            .presence()
            .hello_cancelled(request.connection, now);
        reply.answer(());
        Ok(())
    }
}

impl Answers<KeepConnected> for Sessions {
    async fn answer(
        &mut self,
        _request: KeepConnected,
        reply: Reply<Result<(), Refusal>>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.deps.presence().keep();
        let job = jobs::NoteConnectedSeen {
            seen: self.deps.take_seen(),
            now: self.deps.clock.wall_ms(),
        };
        self.deps.database.submit(job, reply);
        Ok(())
    }
}

impl Answers<Logout> for Sessions {
    async fn answer(
        &mut self,
        request: Logout,
        reply: Reply<Result<(), Refusal>>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.deps.clock.wall_ms();
        self.deps.database.submit(
            jobs::EndOwnSession {
                caller: request.caller,
                now,
            },
            reply,
        );
        Ok(())
    }
}

impl Answers<RevokeSession> for Sessions {
    async fn answer(
        &mut self,
        request: RevokeSession,
        reply: Reply<Result<(), Refusal>>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let RevokeSession { caller, session } = request;
        let now = self.deps.clock.wall_ms();
        if session == OTHERS {
            self.deps
                .database
                .submit(jobs::RevokeOthers { caller, now }, reply);
            return Ok(());
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
        Ok(())
    }
}

impl Handles<ConnectionsOpened> for Sessions {
    async fn handle(
        &mut self,
        opened: &Arc<ConnectionsOpened>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.deps.clock.uptime();
        let mut presence = self.deps.presence();
        for opening in &opened.0 {
            presence.opened(opening, now);
        }
        Ok(())
    }
}

impl Handles<SessionsDisconnected> for Sessions {
    async fn handle(
        &mut self,
        left: &Arc<SessionsDisconnected>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.deps.presence().disconnected(&left.0);
        Ok(())
    }
}

impl Handles<ConnectedSessionsRead> for Sessions {
    async fn handle(
        &mut self,
        counted: &Arc<ConnectedSessionsRead>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.deps.clock.uptime();
        let mut presence = self.deps.presence();
        for marked in &counted.0 {
            presence.reconcile(marked, now);
        }
        Ok(())
    }
}

impl Handles<SessionEnded> for Sessions {
    async fn handle(
        &mut self,
        ended: &Arc<SessionEnded>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.deps.clock.uptime();
        self.deps.presence().ended(ended.session, now);
        Ok(())
    }
}

impl Handles<storage::StoreEpochChanged> for Sessions {
    async fn handle(
        &mut self,
        changed: &Arc<storage::StoreEpochChanged>,
        ctx: &mut Context,
    ) -> anyhow::Result<()> {
        if changed.database == self.deps.database.name() {
            let epoch = changed.epoch.clone();
            ctx.emit(EpochChanged { epoch });
        }
        Ok(())
    }
}

impl Handles<DatabaseChanged> for Sessions {
    async fn handle(
        &mut self,
        changed: &Arc<DatabaseChanged>,
        ctx: &mut Context,
    ) -> anyhow::Result<()> {
        if changed.database == self.deps.database.name() {
            match changed.is {
                DatabaseState::Lost => ctx.emit(StoreReachable(false)),
                DatabaseState::Connected | DatabaseState::Degraded => {
                    ctx.emit(StoreReachable(true));
                }
                DatabaseState::Connecting | DatabaseState::Closed => {}
            }
        }
        Ok(())
    }
}

impl Handles<Tick> for Sessions {
    async fn handle(&mut self, _tick: &Arc<Tick>, ctx: &mut Context) -> anyhow::Result<()> {
        let due = self.deps.presence().due(self.deps.clock.uptime());
        if !due.is_empty() {
            let job = jobs::Disconnect {
                due,
                now: self.deps.clock.wall_ms(),
            };
            self.deps.database.submit_from(job, ctx.origin());
        }
        Ok(())
    }
}
