//! The subscriber: commands in order, and the presence that follows from their facts.

use crate::api::{
    Disconnected, EpochChanged, Hello, KeepConnected, Logout, PresenceChanged, Proof, Refusal,
    RevokeSession, SessionEnded, StoreReachable, Token, Welcome,
};
use crate::jobs::{self, Door, Extended, Fresh, OpenGuest, OpenJwt, OpenToken};
use crate::name::{self, Name};
use crate::presence::{Counted, Left, Marked, Opened, Tick};
use crate::seed::Seed;
use crate::{jwt, random, store};
use bus::{Answers, Context, Handles, LoadError, Reply, Subscriber, Wiring};
use futures_util::FutureExt as _;
use std::sync::Arc;
use storage::{Condition, Database, DatabaseChanged, StorageError};

type Welcomed = Reply<Result<Welcome, Refusal>>;

/// Lets people in and out, and says who is there.
pub struct Sessions {
    seed: Seed,
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

impl Answers<Hello> for Sessions {
    async fn answer(
        &mut self,
        hello: Hello,
        reply: Welcomed,
        _ctx: &mut Context,
    ) -> anyhow::Result<()> {
        let Hello {
            proof,
            connection,
            client,
        } = hello;
        let now = self.seed.clock.wall_ms();
        let device = Door::clean_device(client);
        let door = Door::new(connection, device, now, &self.seed.database);
        match proof {
            Proof::Guest(name) => self.guest(door, &name, reply),
            Proof::Token(token) => self.token(door, token, reply),
            Proof::Jwt { jwt, token } => self.jwt(door, &jwt, token, reply),
        }
        Ok(())
    }
}

impl Sessions {
    fn guest(&self, door: Door, name: &str, reply: Welcomed) {
        if !self.seed.settings.guests {
            return reply.answer(Err(Refusal::GuestsOff));
        }
        if self.seed.presence().open(door.connection).is_some() {
            let expected = "no guest: this connection has said hello";
            return reply.answer(Err(Refusal::BadRequest {
                field: "guest",
                expected,
            }));
        }
        let Some(name) = Name::parse(name) else {
            let refusal = Refusal::BadRequest {
                field: "guest",
                expected: name::EXPECTED,
            };
            return reply.answer(Err(refusal));
        };
        let user = random::user_id(&*self.seed.random, door.now);
        let fresh = Fresh::new(&*self.seed.random, door.now);
        self.seed.database.submit(
            OpenGuest {
                door,
                name,
                user,
                fresh,
            },
            reply,
        );
    }

    fn token(&self, door: Door, token: Token, reply: Welcomed) {
        let current = self
            .seed
            .presence()
            .open(door.connection)
            .map(|open| open.session);
        self.seed.database.submit(
            OpenToken {
                door,
                token,
                current,
            },
            reply,
        );
    }

    fn jwt(&self, door: Door, jwt: &str, token: Option<Token>, reply: Welcomed) {
        let Some(settings) = &self.seed.settings.jwt else {
            return reply.answer(Err(Refusal::BadCredentials));
        };
        let identity = match jwt::verify(settings, jwt, door.now) {
            Ok(identity) => identity,
            Err(refusal) => return reply.answer(Err(refusal)),
        };
        let Ok(extended) = self.extended(&door) else {
            return reply.answer(Err(Refusal::BadCredentials));
        };
        let user = random::user_id(&*self.seed.random, door.now);
        let fresh = Fresh::new(&*self.seed.random, door.now);
        let job = OpenJwt {
            door,
            identity,
            token,
            extended,
            user,
            fresh,
        };
        self.seed.database.submit(job, reply);
    }

    /// The session of a connection that has said `hello` before; an error when that was not by an
    /// identity.
    fn extended(&self, door: &Door) -> Result<Option<Extended>, NotByIdentity> {
        let presence = self.seed.presence();
        let Some(open) = presence.open(door.connection) else {
            return Ok(None);
        };
        let token = open.token.clone().ok_or(NotByIdentity)?;
        Ok(Some(Extended {
            session: open.session,
            user: open.user,
            token,
        }))
    }
}

/// The connection belongs to a guest or to an account with a password.
struct NotByIdentity;

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
        let Ok(session) = request.session.parse() else {
            reply.answer(Err(jobs::NO_SUCH_SESSION));
            return Ok(());
        };
        let now = self.seed.clock.wall_ms();
        let job = jobs::Revoke {
            caller: request.caller,
            session,
            now,
        };
        self.seed.database.submit(job, reply);
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
