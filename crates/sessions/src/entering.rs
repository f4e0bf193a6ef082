//! `hello`: what is asked of storage for each way in.

use crate::api::{Hello, Proof, Refusal, SessionId, Token, Welcome};
use crate::jobs::{Door, Extended, Fresh, OpenGuest, OpenJwt, OpenToken};
use crate::name::{self, Name};
use crate::subscriber::Sessions;
use crate::{jwt, random};
use bus::{Answers, Context, Reply};
use std::sync::Arc;

type Welcomed = Reply<Result<Welcome, Refusal>>;

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
            session,
            from,
            client,
        } = hello;
        let now = self.deps.clock.wall_ms();
        let device = Door::clean_device(client);
        let door = Door::new(connection, device, now, &self.deps.database);
        match proof {
            Proof::Guest(name) => self.guest(door, &name, &from, reply),
            Proof::Token(token) => self.token(door, token, reply),
            Proof::Jwt { jwt, token } => self.jwt(door, &jwt, token, (session, from), reply),
        }
        Ok(())
    }
}

impl Sessions {
    fn guest(&self, door: Door, name: &str, from: &str, reply: Welcomed) {
        if !self.deps.settings.guests {
            return reply.answer(Err(Refusal::GuestsOff));
        }
        if self.deps.presence().open(door.connection).is_some() {
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
        if let Err(refusal) = self.deps.attempts.new_guest(from) {
            return reply.answer(Err(refusal));
        }
        let user = random::user_id(&*self.deps.random, door.now);
        let fresh = Fresh::new(&*self.deps.random, door.now);
        self.deps.database.submit(
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
            .deps
            .presence()
            .open(door.connection)
            .map(|open| open.session);
        self.deps.database.submit(
            OpenToken {
                door,
                token,
                current,
            },
            reply,
        );
    }

    fn jwt(
        &self,
        door: Door,
        jwt: &str,
        token: Option<Token>,
        (session, from): (Option<SessionId>, String),
        reply: Welcomed,
    ) {
        let Some(settings) = &self.deps.settings.jwt else {
            return reply.answer(Err(Refusal::BadCredentials));
        };
        let identity = match jwt::verify(settings, jwt, door.now) {
            Ok(identity) => identity,
            Err(refusal) => return reply.answer(Err(refusal)),
        };
        let extended = match self.extended(&door, session) {
            Ok(extended) => extended,
            Err(refusal) => return reply.answer(Err(refusal)),
        };
        let user = random::user_id(&*self.deps.random, door.now);
        let fresh = Fresh::new(&*self.deps.random, door.now);
        let job = OpenJwt {
            door,
            identity,
            token,
            extended,
            user,
            fresh,
            from,
            attempts: Arc::clone(&self.deps.attempts),
            sessions_max: self.deps.settings.sessions_per_person,
        };
        self.deps.database.submit(job, reply);
    }

    /// What a further `hello` on this connection extends; none on a new connection. Refuses a
    /// connection that was not opened with an identity, and one that is filed under another
    /// session than the gateway says.
    fn extended(&self, door: &Door, filed: Option<SessionId>) -> Result<Option<Extended>, Refusal> {
        let presence = self.deps.presence();
        let open = presence.open(door.connection);
        if filed.is_some() && filed != open.map(|open| open.session) {
            return Err(Refusal::BadCredentials);
        }
        let Some(open) = open else {
            return Ok(None);
        };
        let token = open.token.clone().ok_or(Refusal::BadCredentials)?;
        Ok(Some(Extended {
            session: open.session,
            user: open.user,
            token,
        }))
    }
}
