//! Handles `hello`: checks each kind of proof and submits its job to storage.

use crate::api::{Hello, Proof, Refusal, SessionId, Token, Welcome};
use crate::jobs::{
    CurrentSession, HelloContext, OpenGuest, OpenJwt, OpenToken, SessionCredentials,
};
use crate::name::{self, Name};
use crate::subscriber::Sessions;
use crate::{jwt, random};
use bus::{Answers, Context, Reply};
use std::sync::Arc;

/// The reply to a [`Hello`].
type HelloReply = Reply<Result<Welcome, Refusal>>;

impl Answers<Hello> for Sessions {
    fn answer(&mut self, hello: Hello, reply: HelloReply, _ctx: &mut Context) {
        let Hello {
            proof,
            connection,
            session,
            from,
            client,
        } = hello;
        let now = self.deps.clock.wall_ms();
        let device = HelloContext::clean_device(client);
        let hello = HelloContext::new(
            (connection, self.generation),
            device,
            now,
            &self.deps.database,
        );
        match proof {
            Proof::Guest(name) => self.guest(hello, &name, &from, reply),
            Proof::Token(token) => self.token(hello, token, reply),
            Proof::Jwt { jwt, token } => self.jwt(hello, &jwt, token, (session, from), reply),
        }
    }
}

impl Sessions {
    fn guest(&self, hello: HelloContext, name: &str, from: &str, reply: HelloReply) {
        if !self.deps.settings.guests {
            return reply.answer(Err(Refusal::GuestsOff));
        }
        if self.presence.open(hello.connection).is_some() {
            let expected = "must not be given: this connection is signed in already";
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
        if let Err(refusal) = self.deps.limits.new_guest(from) {
            return reply.answer(Err(refusal));
        }
        let user = random::user_id(&*self.deps.random, hello.now);
        let credentials = SessionCredentials::new(&*self.deps.random, hello.now);
        self.deps.database.submit(
            OpenGuest {
                hello,
                name,
                user,
                credentials,
            },
            reply,
        );
    }

    fn token(&self, hello: HelloContext, token: Token, reply: HelloReply) {
        let current = self
            .presence
            .open(hello.connection)
            .map(|open| open.session);
        self.deps.database.submit(
            OpenToken {
                hello,
                token,
                current,
            },
            reply,
        );
    }

    fn jwt(
        &self,
        hello: HelloContext,
        jwt: &str,
        token: Option<Token>,
        (session, from): (Option<SessionId>, String),
        reply: HelloReply,
    ) {
        let identity = match jwt::verify(&self.deps.settings.jwt, jwt, hello.now) {
            Ok(identity) => identity,
            Err(refusal) => return reply.answer(Err(refusal)),
        };
        let current = match self.current(&hello, session) {
            Ok(current) => current,
            Err(refusal) => return reply.answer(Err(refusal)),
        };
        let user = random::user_id(&*self.deps.random, hello.now);
        let credentials = SessionCredentials::new(&*self.deps.random, hello.now);
        let job = OpenJwt {
            hello,
            identity,
            token,
            current,
            user,
            credentials,
            from,
            limits: Arc::clone(&self.deps.limits),
            sessions_max: self.deps.settings.sessions_per_person,
        };
        self.deps.database.submit(job, reply);
    }

    /// Returns the session that a further `hello` on this connection extends, or `None` on a new
    /// connection. Refuses a connection that was not opened with an identity, and one whose session
    /// is not the one the gateway named (`known`).
    fn current(
        &self,
        hello: &HelloContext,
        known: Option<SessionId>,
    ) -> Result<Option<CurrentSession>, Refusal> {
        let open = self.presence.open(hello.connection);
        if known.is_some() && known != open.map(|open| open.session) {
            return Err(Refusal::BadCredentials);
        }
        let Some(open) = open else {
            return Ok(None);
        };
        let token = open.token.clone().ok_or(Refusal::BadCredentials)?;
        Ok(Some(CurrentSession {
            session: open.session,
            user: open.user,
            token,
        }))
    }
}
