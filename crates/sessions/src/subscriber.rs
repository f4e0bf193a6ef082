//! The subscriber: commands in order, and the presence that follows from their facts.

use crate::api::{
    Disconnected, EpochChanged, Hello, KeepConnected, Logout, PresenceChanged, Refusal,
    RevokeSession, SessionEnded, StoreReachable, WithdrawHello,
};
use crate::jobs;
use crate::presence::{Counted, Left, Marked, Opened, Tick};
use crate::seed::Seed;
use crate::store;
use bus::{Answers, Context, Handles, LoadError, Reply, Subscriber, Wiring};
use futures_util::FutureExt as _;
use std::sync::Arc;
use storage::{Condition, Database, DatabaseChanged, StorageError};

/// What `session.revoke` calls all sessions but the one that asks.
const OTHERS: &str = "others";

/// Lets people in and out, and says who is there.
pub struct Sessions {
    pub(crate) seed: Seed,
}

impl Subscriber for Sessions {
    const NAME: &'static str = "sessions";
    /// A reconnect storm becomes few changes of presence.
    const TURN_MAX: usize = 256;
    type Seed = Seed;

    async fn load(seed: &Seed) -> Result<Self, LoadError> {
        let marked = marked(&seed.database).await?;
        let now = seed.clock.uptime();
        let mut presence = seed.presence();
        for marked in &marked {
            presence.restore(marked, now);
        }
        drop(presence);
        Ok(Self { seed: seed.clone() })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .answers::<Hello>()
            .answers::<Disconnected>()
            .answers::<WithdrawHello>()
            .answers::<KeepConnected>()
            .answers::<Logout>()
            .answers::<RevokeSession>()
            .on::<Opened>()
            .on::<Left>()
            .on::<Counted>()
            .on::<SessionEnded>()
            .on::<storage::EpochChanged>()
            .on::<DatabaseChanged>()
            .on::<Tick>();
    }

    async fn turn_ended(&mut self, ctx: &mut Context) -> anyhow::Result<()> {
        let changes = self.seed.presence().take_changes();
        if !changes.is_empty() {
            ctx.emit(PresenceChanged { changes });
        }
        Ok(())
    }
}

/// Who is marked as connected in storage.
pub(crate) async fn marked(database: &Database) -> Result<Vec<Marked>, StorageError> {
    let read = database.read("sessions.marked", |reader| {
        async move { store::sessions::all_marked(reader).await }.boxed()
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
        let now = self.seed.clock.uptime();
        self.seed
            .presence()
            .closed(request.connection, request.clean, now);
        reply.answer(());
        Ok(())
    }
}

impl Answers<WithdrawHello> for Sessions {
    async fn answer(
        &mut self,
        request: WithdrawHello,
        reply: Reply<()>,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let now = self.seed.clock.uptime();
        self.seed.presence().withdrawn(request.connection, now);
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
        self.seed.presence().keep();
        let job = jobs::Keep {
            seen: self.seed.take_seen(),
            now: self.seed.clock.wall_ms(),
        };
        self.seed.database.submit(job, reply);
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
        let now = self.seed.clock.wall_ms();
        self.seed.database.submit(
            jobs::Logout {
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
        let now = self.seed.clock.wall_ms();
        if session == OTHERS {
            self.seed
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
                self.seed.database.submit(job, reply);
            }
            Err(_) => reply.answer(Err(jobs::NO_SUCH_SESSION)),
        }
        Ok(())
    }
}

impl Handles<Opened> for Sessions {
    async fn handle(&mut self, opened: &Arc<Opened>, _ctx: &mut Context) -> anyhow::Result<()> {
        let now = self.seed.clock.uptime();
        let mut presence = self.seed.presence();
        for opening in &opened.0 {
            presence.opened(opening, now);
        }
        Ok(())
    }
}

impl Handles<Left> for Sessions {
    async fn handle(&mut self, left: &Arc<Left>, _ctx: &mut Context) -> anyhow::Result<()> {
        self.seed.presence().left(&left.0);
        Ok(())
    }
}

impl Handles<Counted> for Sessions {
    async fn handle(&mut self, counted: &Arc<Counted>, _ctx: &mut Context) -> anyhow::Result<()> {
        let now = self.seed.clock.uptime();
        let mut presence = self.seed.presence();
        for marked in &counted.0 {
            presence.recount(marked, now);
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
        let now = self.seed.clock.uptime();
        self.seed.presence().ended(ended.session, now);
        Ok(())
    }
}

impl Handles<storage::EpochChanged> for Sessions {
    async fn handle(
        &mut self,
        changed: &Arc<storage::EpochChanged>,
        ctx: &mut Context,
    ) -> anyhow::Result<()> {
        if changed.database == self.seed.database.name() {
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
        if changed.database == self.seed.database.name() {
            match changed.is {
                Condition::Lost => ctx.emit(StoreReachable(false)),
                Condition::Connected | Condition::Degraded => ctx.emit(StoreReachable(true)),
                Condition::Connecting | Condition::Closed => {}
            }
        }
        Ok(())
    }
}

impl Handles<Tick> for Sessions {
    async fn handle(&mut self, _tick: &Arc<Tick>, ctx: &mut Context) -> anyhow::Result<()> {
        let due = self.seed.presence().due(self.seed.clock.uptime());
        if !due.is_empty() {
            let job = jobs::Leave {
                due,
                now: self.seed.clock.wall_ms(),
            };
            self.seed.database.submit_from(job, ctx.origin());
        }
        Ok(())
    }
}
