//! `/api/v1`: what is done before there is a socket, and what programs do without one.
//!
//! Accounts are asked of sessions; all else becomes the same command that a frame would be, and
//! takes the same way. A token comes in `Authorization: Bearer` and from nowhere else.

use super::answer::{self, Answer, json_text, only};
use super::body;
use super::buckets::Buckets;
use super::traced::Traced;
use crate::socket::Peer;
use crate::wire::{
    self, BAD_CREDENTIALS, Command, Error, Id, NO_SUCH_PATH, UNAUTHENTICATED, UserShape,
};
use crate::{Call, Gateway};
use bus::{Request as Ask, TraceId};
use http::{HeaderMap, Method, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use sessions::api::{
    Authenticate, Caller, ChangePassword, DeleteAccount, Login, Register, Token, User,
};

/// The fields of `history` that are numbers.
const PAGE: &[&str] = &["before", "after", "around", "limit"];

/// Declares what the API asks besides the commands.
pub(super) fn wire(builder: &mut bus::Builder) {
    builder
        .asks::<Authenticate>()
        .asks::<Register>()
        .asks::<Login>()
        .asks::<ChangePassword>()
        .asks::<DeleteAccount>();
}

/// The API. A cheap handle.
#[derive(Clone)]
pub(super) struct Api {
    gateway: Gateway,
    buckets: Buckets,
    body_bytes_max: usize,
}

/// The route of a path that begins after `/api/v1`.
pub(super) fn route(path: &str) -> &'static str {
    match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
        ["register"] => "/api/v1/register",
        ["login"] => "/api/v1/login",
        ["logout"] => "/api/v1/logout",
        ["password"] => "/api/v1/password",
        ["delete-account"] => "/api/v1/delete-account",
        ["me"] => "/api/v1/me",
        ["rooms"] => "/api/v1/rooms",
        ["rooms", _, "history"] => "/api/v1/rooms/{room}/history",
        ["rooms", _, "messages"] => "/api/v1/rooms/{room}/messages",
        _ => "/api/v1/{unknown}",
    }
}

/// One request on its way.
struct Asked {
    head: Parts,
    body: Incoming,
    from: Peer,
    trace: TraceId,
}

impl Api {
    pub(super) fn new(gateway: Gateway, body_bytes_max: usize) -> Self {
        Self {
            gateway,
            buckets: Buckets::default(),
            body_bytes_max,
        }
    }

    /// Answers the request at `path`, which begins after `/api/v1`.
    pub(super) async fn answer(
        self,
        path: String,
        request: Request<Incoming>,
        from: Peer,
    ) -> Answer {
        let Traced { trace, .. } = Traced::of(&request);
        let (head, body) = request.into_parts();
        let method = head.method.clone();
        let asked = Asked {
            head,
            body,
            from,
            trace,
        };
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let answered = match (&method, segments.as_slice()) {
            (&Method::POST, ["register"]) => self.register(asked).await,
            (&Method::POST, ["login"]) => self.login(asked).await,
            (&Method::POST, ["logout"]) => self.logout(asked).await,
            (&Method::POST, ["password"]) => self.password(asked).await,
            (&Method::POST, ["delete-account"]) => self.delete_account(asked).await,
            (&Method::GET, ["me"]) => self.me(asked).await,
            (&Method::GET, ["rooms"]) => self.rooms(asked).await,
            (&Method::GET, ["rooms", room, "history"]) => self.history(room, asked).await,
            (&Method::POST, ["rooms", room, "messages"]) => self.send(room, asked).await,
            (
                _,
                ["register" | "login" | "logout" | "password" | "delete-account"]
                | ["rooms", _, "messages"],
            ) => {
                return only("POST");
            }
            (_, ["me" | "rooms"] | ["rooms", _, "history"]) => return only("GET"),
            _ => Err(Error::new(&NO_SUCH_PATH)),
        };
        answered.unwrap_or_else(|error| answer::error(&error.traced(trace)))
    }

    async fn register(&self, asked: Asked) -> Result<Answer, Error> {
        let trace = asked.trace;
        let from = asked.from.to_string();
        let text = self.text(asked.body).await?;
        let fields = body::fields(&text)?;
        let request = Register {
            name: fields.string("name")?,
            password: fields.string("password")?,
            device: fields.optional_string("device")?,
            invite: fields.optional_string("invite")?,
            from,
        };
        let (token, user) = self.ask(request, trace).await??;
        Ok(welcome(&token, &user))
    }

    async fn login(&self, asked: Asked) -> Result<Answer, Error> {
        let trace = asked.trace;
        let from = asked.from.to_string();
        let text = self.text(asked.body).await?;
        let fields = body::fields(&text)?;
        let request = Login {
            name: fields.string("name")?,
            password: fields.string("password")?,
            device: fields.optional_string("device")?,
            from,
        };
        let (token, user) = self.ask(request, trace).await??;
        Ok(welcome(&token, &user))
    }

    async fn password(&self, asked: Asked) -> Result<Answer, Error> {
        let trace = asked.trace;
        let caller = self.caller(&asked).await?;
        let text = self.text(asked.body).await?;
        let fields = body::fields(&text)?;
        let (old, new) = (fields.string("old")?, fields.string("new")?);
        self.ask(ChangePassword { caller, old, new }, trace)
            .await??;
        Ok(json_text(StatusCode::OK, "{}"))
    }

    async fn delete_account(&self, asked: Asked) -> Result<Answer, Error> {
        let trace = asked.trace;
        let caller = self.caller(&asked).await?;
        let text = self.text(asked.body).await?;
        let password = body::fields(&text)?.string("password")?;
        self.ask(DeleteAccount { caller, password }, trace)
            .await??;
        Ok(json_text(StatusCode::OK, "{}"))
    }

    async fn logout(&self, asked: Asked) -> Result<Answer, Error> {
        let caller = self.caller(&asked).await?;
        self.call(caller, Command::Logout, asked.trace).await
    }

    async fn me(&self, asked: Asked) -> Result<Answer, Error> {
        let caller = self.caller(&asked).await?;
        let me = json!({
            "user": UserShape::from(&caller.user),
            "session": Id(caller.session),
        });
        Ok(answer::json(StatusCode::OK, &me))
    }

    async fn rooms(&self, asked: Asked) -> Result<Answer, Error> {
        let caller = self.caller(&asked).await?;
        let command = body::command("rooms", &body::query(&asked.head.uri, &["all"]))?;
        self.call(caller, command, asked.trace).await
    }

    async fn history(&self, room: &str, asked: Asked) -> Result<Answer, Error> {
        let caller = self.caller(&asked).await?;
        let command = in_room("history", room, body::query(&asked.head.uri, PAGE))?;
        self.call(caller, command, asked.trace).await
    }

    async fn send(&self, room: &str, asked: Asked) -> Result<Answer, Error> {
        let trace = asked.trace;
        let caller = self.caller(&asked).await?;
        let text = self.text(asked.body).await?;
        let command = in_room("send", room, body::object(&text)?)?;
        self.call(caller, command, trace).await
    }

    /// Whose token it is.
    async fn caller(&self, asked: &Asked) -> Result<Caller, Error> {
        let token = bearer(&asked.head.headers)?;
        Ok(self.ask(Authenticate { token }, asked.trace).await??)
    }

    async fn call(
        &self,
        caller: Caller,
        command: Command,
        trace: TraceId,
    ) -> Result<Answer, Error> {
        let bucket = self.buckets.of(caller.session, &self.gateway);
        let body = self
            .gateway
            .call(Call::http(caller, command, trace, bucket))
            .await?;
        Ok(json_text(StatusCode::OK, body.0))
    }

    async fn ask<R: Ask>(&self, request: R, trace: TraceId) -> Result<R::Answer, Error> {
        let shared = &self.gateway.shared;
        let asked = shared
            .bus
            .ask_traced(request, shared.limits.ask_within, trace)
            .await;
        asked.map_err(Error::from)
    }

    async fn text(&self, body: Incoming) -> Result<String, Error> {
        body::text(body, self.body_bytes_max).await
    }
}

fn in_room(op: &str, room: &str, mut d: Map<String, Value>) -> Result<Command, Error> {
    let room = percent_decode_str(room).decode_utf8_lossy().into_owned();
    d.insert("room".to_owned(), Value::String(room));
    body::command(op, &d)
}

fn welcome(token: &Token, user: &User) -> Answer {
    let welcome = json!({ "token": token.0, "user": UserShape::from(user) });
    answer::json(StatusCode::OK, &welcome)
}

fn bearer(headers: &HeaderMap) -> Result<Token, Error> {
    let unauthenticated = Error::new(&UNAUTHENTICATED);
    let Some(line) = headers.get(header::AUTHORIZATION) else {
        return Err(unauthenticated);
    };
    let line = line.to_str().map_err(|_| Error::new(&BAD_CREDENTIALS))?;
    match line.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Token(token.trim().to_owned()))
        }
        _ => Err(unauthenticated),
    }
}

impl From<wire::Malformed> for Error {
    fn from(malformed: wire::Malformed) -> Self {
        *malformed.error
    }
}
