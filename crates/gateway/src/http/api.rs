//! `/api/v1`: what is done before there is a socket, and what programs do without one.
//!
//! Accounts are asked of sessions; all else becomes the same command that a frame would be, and
//! takes the same way. A token comes in `Authorization: Bearer` and from nowhere else, and is
//! checked once the whole request is there: a session that ended meanwhile has no say any more.

use super::body;
use super::endpoint::Endpoint;
use super::request_trace::RequestTrace;
use super::response::{self, HttpResponse, json_text};
use crate::connection::Peer;
use crate::wire::{self, BAD_CREDENTIALS, Command, Cost, Error, Id, UNAUTHENTICATED, UserShape};
use crate::{Call, Gateway};
use bus::{Request as Ask, TraceId};
use http::{HeaderMap, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;
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
    body_bytes_max: usize,
}

/// One request that is there as a whole.
pub(super) struct ApiRequest {
    endpoint: Endpoint,
    head: Parts,
    /// Empty where nothing in it counts.
    text: String,
    from: Peer,
    trace: TraceId,
}

impl Api {
    pub(super) fn new(gateway: Gateway, body_bytes_max: usize) -> Self {
        Self {
            gateway,
            body_bytes_max,
        }
    }

    /// Reads what the endpoint needs. On a slow line that takes a while, so nothing that others need
    /// is held meanwhile.
    pub(super) async fn read(
        &self,
        endpoint: Endpoint,
        request: Request<Incoming>,
        from: Peer,
    ) -> Result<ApiRequest, Error> {
        let RequestTrace { trace, .. } = RequestTrace::of(&request);
        let (head, body) = request.into_parts();
        let text = if endpoint.has_body() {
            let read = body::text(body, self.body_bytes_max).await;
            read.map_err(|error| error.traced(trace))?
        } else {
            String::new()
        };
        Ok(ApiRequest {
            endpoint,
            head,
            text,
            from,
            trace,
        })
    }

    /// Answers a request.
    pub(super) async fn answer(self, asked: ApiRequest) -> HttpResponse {
        let trace = asked.trace;
        let answered = match asked.endpoint.clone() {
            Endpoint::Register => self.register(asked).await,
            Endpoint::Login => self.login(asked).await,
            Endpoint::Logout => self.logout(asked).await,
            Endpoint::Password => self.password(asked).await,
            Endpoint::DeleteAccount => self.delete_account(asked).await,
            Endpoint::Me => self.me(asked).await,
            Endpoint::Rooms => self.rooms(asked).await,
            Endpoint::History(room) => self.history(room, asked).await,
            Endpoint::Send(room) => self.send(room, asked).await,
        };
        answered.unwrap_or_else(|error| response::error(&error.traced(trace)))
    }

    async fn register(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let fields = body::fields(&asked.text)?;
        let request = Register {
            name: fields.string("name")?,
            password: fields.string("password")?,
            device: fields.optional_string("device")?,
            invite: fields.optional_string("invite")?,
            from: asked.from.to_string(),
        };
        let (token, user) = self.ask(request, asked.trace).await??;
        Ok(welcome(&token, &user))
    }

    async fn login(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let fields = body::fields(&asked.text)?;
        let request = Login {
            name: fields.string("name")?,
            password: fields.string("password")?,
            device: fields.optional_string("device")?,
            from: asked.from.to_string(),
        };
        let (token, user) = self.ask(request, asked.trace).await??;
        Ok(welcome(&token, &user))
    }

    async fn password(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.paying_caller(&asked, Cost::Hello).await?;
        let fields = body::fields(&asked.text)?;
        let (old, new) = (fields.string("old")?, fields.string("new")?);
        self.ask(ChangePassword { caller, old, new }, asked.trace)
            .await??;
        Ok(json_text(StatusCode::OK, "{}"))
    }

    async fn delete_account(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.paying_caller(&asked, Cost::Hello).await?;
        let password = body::fields(&asked.text)?.string("password")?;
        self.ask(DeleteAccount { caller, password }, asked.trace)
            .await??;
        Ok(json_text(StatusCode::OK, "{}"))
    }

    async fn logout(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&asked).await?;
        self.call(caller, Command::Logout, asked.trace).await
    }

    async fn me(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.paying_caller(&asked, Cost::Other).await?;
        let me = json!({
            "user": UserShape::from(&caller.user),
            "session": Id(caller.session),
        });
        Ok(response::json(StatusCode::OK, &me))
    }

    async fn rooms(&self, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&asked).await?;
        let command = body::command("rooms", &body::query(&asked.head.uri, &["all"]))?;
        self.call(caller, command, asked.trace).await
    }

    async fn history(&self, room: String, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&asked).await?;
        let command = in_room("history", room, body::query(&asked.head.uri, PAGE))?;
        self.call(caller, command, asked.trace).await
    }

    async fn send(&self, room: String, asked: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&asked).await?;
        let command = in_room("send", room, body::object(&asked.text)?)?;
        self.call(caller, command, asked.trace).await
    }

    /// Whose token it is. The command that follows is paid for where it is carried out.
    async fn caller(&self, asked: &ApiRequest) -> Result<Caller, Error> {
        let token = bearer(&asked.head.headers)?;
        Ok(self.ask(Authenticate { token }, asked.trace).await??)
    }

    /// Whose token it is, for what is no command: the user pays here.
    async fn paying_caller(&self, asked: &ApiRequest, cost: Cost) -> Result<Caller, Error> {
        let caller = self.caller(asked).await?;
        let shared = &self.gateway.shared;
        let bucket = shared.buckets.for_user(caller.user.id, &shared.limits);
        bucket.charge(cost, &shared.limits)?;
        Ok(caller)
    }

    async fn call(
        &self,
        caller: Caller,
        command: Command,
        trace: TraceId,
    ) -> Result<HttpResponse, Error> {
        let shared = &self.gateway.shared;
        let bucket = shared.buckets.for_user(caller.user.id, &shared.limits);
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
}

fn in_room(op: &str, room: String, mut d: Map<String, Value>) -> Result<Command, Error> {
    d.insert("room".to_owned(), Value::String(room));
    body::command(op, &d)
}

fn welcome(token: &Token, user: &User) -> HttpResponse {
    let welcome = json!({ "token": token.0, "user": UserShape::from(user) });
    response::json(StatusCode::OK, &welcome)
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
