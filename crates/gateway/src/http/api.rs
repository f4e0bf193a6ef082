//! `/api/v1`: accounts, and commands without a socket.
//!
//! Account requests go to sessions; all else becomes the same command as a frame and takes the same
//! way. A token is read from `Authorization: Bearer` only, and checked once the whole request has come,
//! so that a session that ended meanwhile is refused.

use super::body;
use super::endpoint::Endpoint;
use super::pictures;
use super::request_trace::RequestTrace;
use super::response::{self, HttpResponse, json_text};
use super::unread_body::UnreadBody;
use crate::commands::{Command, Op};
use crate::connection::Peer;
use crate::rate_limit::Cost;
use crate::wire::{
    BAD_CREDENTIALS, Error, FORBIDDEN, Fields, Id, LinkedRoomShape, NO_SUCH_PATH, ProfileShape,
    UNAUTHENTICATED, UserShape,
};
use crate::{Call, Gateway};
use bus::{Request as Ask, TraceId};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header, request::Parts};
use hyper::body::Incoming;
use rooms::api::{FindLink, LinkCode};
use serde_json::json;
use sessions::api::{
    Authenticate, Caller, ChangePassword, DeleteAccount, Login, ReadPicture, ReadProfiles, Refusal,
    Register, SetPicture, Token, UpgradeGuest, User,
};
use std::sync::Arc;

/// The same for unknown names.
const WRONG_LOGIN: &str = "The name or the password is wrong. Please try again.";
const WRONG_PASSWORD: &str = "The password is wrong. Please try again.";
const NO_REGISTRATION: &str =
    "You cannot register here without a valid invite code. Please ask whoever runs this server.";
const NO_GUEST: &str = "You have an account already. Its password can be changed in your settings.";
const NO_TOKEN: &str = "Please sign in first, and send the token as Authorization: Bearer.";

/// The query fields of `history` that are numbers.
const NUMERIC_FIELDS: &[&str] = &["before", "after", "around", "limit"];

/// Declares the requests that the API makes besides those of commands.
pub(super) fn wire(builder: &mut bus::Builder) {
    builder
        .asks::<Authenticate>()
        .asks::<Register>()
        .asks::<Login>()
        .asks::<ChangePassword>()
        .asks::<DeleteAccount>()
        .asks::<UpgradeGuest>()
        .asks::<SetPicture>()
        .asks::<ReadPicture>();
}

/// The API. A cheap handle.
#[derive(Clone)]
pub(super) struct Api {
    gateway: Gateway,
    body_bytes_max: usize,
}

/// A request that was read completely.
pub(super) struct ApiRequest {
    endpoint: Endpoint,
    head: Parts,
    /// The body of a POST that has JSON; else empty.
    text: String,
    /// The body of a POST that has a file; else empty.
    file: Bytes,
    from: Peer,
    trace: TraceId,
}

impl ApiRequest {
    /// Whether it is carried out outside the gateway.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self.endpoint, Endpoint::Foreign(_))
    }
}

impl Api {
    pub(super) fn new(gateway: Gateway, body_bytes_max: usize) -> Self {
        Self {
            gateway,
            body_bytes_max,
        }
    }

    /// Reads the request. That may take a while on a slow line, so it holds no shared resource.
    pub(super) async fn read(
        &self,
        endpoint: Endpoint,
        request: Request<Incoming>,
        from: Peer,
    ) -> Result<ApiRequest, Error> {
        let RequestTrace { trace, .. } = RequestTrace::of(&request);
        let (head, body) = request.into_parts();
        // Also where nothing in it counts, since hyper closes a connection with an unread body.
        let (mut text, mut file) = (String::new(), Bytes::new());
        if endpoint == Endpoint::SetPicture {
            let read = body::bytes(body, SetPicture::BYTES_MAX).await;
            file = read.map_err(|error| error.traced(trace))?;
            UnreadBody::was_read(&head);
        } else if head.method == Method::POST {
            let read = body::text(body, self.body_bytes_max).await;
            text = read.map_err(|error| error.traced(trace))?;
            UnreadBody::was_read(&head);
        }
        Ok(ApiRequest {
            endpoint,
            head,
            text,
            file,
            from,
            trace,
        })
    }

    /// Answers a request.
    pub(super) async fn answer(self, request: ApiRequest) -> HttpResponse {
        let trace = request.trace;
        // A stop waits for it.
        let _unanswered = self.gateway.shared.sockets.request_read();
        let answered = match request.endpoint.clone() {
            Endpoint::Register => self.register(request).await,
            Endpoint::Login => self.login(request).await,
            Endpoint::Logout => self.logout(request).await,
            Endpoint::Password => self.password(request).await,
            Endpoint::DeleteAccount => self.delete_account(request).await,
            Endpoint::Upgrade => self.upgrade(request).await,
            Endpoint::Me => self.me(request).await,
            Endpoint::SetPicture => self.set_picture(request).await,
            Endpoint::Picture(hash) => self.picture(hash, request).await,
            Endpoint::Rooms => self.rooms(request).await,
            Endpoint::History(room) => self.history(room, request).await,
            Endpoint::Send(room) => self.send(room, request).await,
            Endpoint::Join(room) => self.join(room, request).await,
            Endpoint::Leave(room) => self.leave(room, request).await,
            Endpoint::Link => self.link(request).await,
            Endpoint::Foreign(op) => self.foreign(&op, request).await,
        };
        answered.unwrap_or_else(|error| response::error(&error.traced(trace)))
    }

    async fn register(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let fields = body::fields(&request.text)?;
        let command = Register {
            name: fields.string("name")?,
            password: fields.string("password")?,
            device: fields.optional_string("device")?,
            invite: fields.optional_string("invite")?,
            from: request.from.to_string(),
        };
        let made = self.ask(command, request.trace).await?;
        let (token, user) = made.map_err(|refusal| match refusal {
            Refusal::Forbidden => Error::new(&FORBIDDEN).saying(NO_REGISTRATION),
            refusal => refusal.into(),
        })?;
        Ok(welcome(&token, &user))
    }

    async fn login(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let fields = body::fields(&request.text)?;
        let command = Login {
            name: fields.string("name")?,
            password: fields.string("password")?,
            device: fields.optional_string("device")?,
            from: request.from.to_string(),
        };
        let login = self.ask(command, request.trace).await?;
        let (token, user) = login.map_err(|refusal| unless_right(refusal, WRONG_LOGIN))?;
        Ok(welcome(&token, &user))
    }

    async fn password(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.charged_caller(&request, Cost::Hello).await?;
        let fields = body::fields(&request.text)?;
        let (old, new) = (fields.string("old")?, fields.string("new")?);
        let change = ChangePassword { caller, old, new };
        let changed = self.ask(change, request.trace).await?;
        changed.map_err(|refusal| unless_right(refusal, WRONG_PASSWORD))?;
        Ok(json_text(StatusCode::OK, "{}"))
    }

    async fn delete_account(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.charged_caller(&request, Cost::Hello).await?;
        let password = body::fields(&request.text)?.string("password")?;
        let delete = DeleteAccount { caller, password };
        let deleted = self.ask(delete, request.trace).await?;
        deleted.map_err(|refusal| unless_right(refusal, WRONG_PASSWORD))?;
        Ok(json_text(StatusCode::OK, "{}"))
    }

    async fn upgrade(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.charged_caller(&request, Cost::Hello).await?;
        let fields = body::fields(&request.text)?;
        let forbidden = if caller.user.guest {
            NO_REGISTRATION
        } else {
            NO_GUEST
        };
        let upgrade = UpgradeGuest {
            caller,
            name: fields.optional_string("name")?,
            password: fields.string("password")?,
            invite: fields.optional_string("invite")?,
            from: request.from.to_string(),
        };
        let upgraded = self.ask(upgrade, request.trace).await?;
        let upgraded = upgraded.map_err(|refusal| match refusal {
            Refusal::Forbidden => Error::new(&FORBIDDEN).saying(forbidden),
            refusal => refusal.into(),
        })?;
        let user = UserShape::from(&upgraded.user);
        let answer = json!({ "user": user, "dup": upgraded.dup });
        Ok(response::json(StatusCode::OK, &answer))
    }

    async fn logout(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        self.run(caller, "logout", &Fields::default(), request.trace)
            .await
    }

    async fn me(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.charged_caller(&request, Cost::Other).await?;
        let users = vec![caller.user.id.to_string()];
        let profiles = self.ask(ReadProfiles { users }, request.trace).await??;
        let me = json!({
            "user": UserShape::from(&caller.user),
            "session": Id(caller.session),
            "profile": profiles.first().map(ProfileShape::from),
        });
        Ok(response::json(StatusCode::OK, &me))
    }

    async fn set_picture(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.charged_caller(&request, Cost::Hello).await?;
        let bytes = request.file.to_vec();
        let set = self
            .ask(SetPicture { caller, bytes }, request.trace)
            .await??;
        let profile = ProfileShape::from(&set.person);
        let answer = json!({ "profile": profile, "dup": set.dup });
        Ok(response::json(StatusCode::OK, &answer))
    }

    /// Needs no token, which an image in a page cannot send.
    async fn picture(&self, hash: String, request: ApiRequest) -> Result<HttpResponse, Error> {
        let found = self.ask(ReadPicture { hash }, request.trace).await??;
        let picture = found.ok_or(Error::new(&NO_SUCH_PATH))?;
        Ok(pictures::answer(picture))
    }

    async fn rooms(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        let fields = body::query(&request.head.uri, &["all"]);
        self.run(caller, "rooms", &fields, request.trace).await
    }

    async fn history(&self, room: String, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        let mut fields = body::query(&request.head.uri, NUMERIC_FIELDS);
        fields.set_string("room", &room);
        self.run(caller, "history", &fields, request.trace).await
    }

    async fn send(&self, room: String, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        let mut fields = body::fields(&request.text)?;
        fields.set_string("room", &room);
        self.run(caller, "send", &fields, request.trace).await
    }

    async fn join(&self, room: String, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        let mut fields = body::optional_fields(&request.text)?;
        fields.set_string("room", &room);
        self.run(caller, "join", &fields, request.trace).await
    }

    async fn leave(&self, room: String, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        let mut fields = Fields::default();
        fields.set_string("room", &room);
        self.run(caller, "leave", &fields, request.trace).await
    }

    /// Needs no token: the network has paid.
    async fn link(&self, request: ApiRequest) -> Result<HttpResponse, Error> {
        let code = LinkCode(body::fields(&request.text)?.string("code")?);
        let found = self.ask(FindLink { code }, request.trace).await??;
        Ok(response::json(
            StatusCode::OK,
            &LinkedRoomShape::from(&found),
        ))
    }

    /// Runs a command that is carried out outside the gateway, with the fields of the query or of the body.
    async fn foreign(&self, op: &Arc<Op>, request: ApiRequest) -> Result<HttpResponse, Error> {
        let caller = self.caller(&request).await?;
        let command = if request.head.method == Method::GET {
            op.read_query(request.head.uri.query().unwrap_or_default())?
        } else {
            op.read_json(body::object(&request.text)?)?
        };
        self.run_command(caller, command, request.trace).await
    }

    /// Authenticates the token without a charge: the command that follows is charged when it runs.
    async fn caller(&self, request: &ApiRequest) -> Result<Caller, Error> {
        let token = bearer(&request.head.headers)?;
        Ok(self.ask(Authenticate { token }, request.trace).await??)
    }

    /// Authenticates the token and charges the user, for an endpoint that is not a command.
    async fn charged_caller(&self, request: &ApiRequest, cost: Cost) -> Result<Caller, Error> {
        let caller = self.caller(request).await?;
        let shared = &self.gateway.shared;
        let bucket = shared.buckets.for_user(caller.user.id, &shared.limits);
        bucket.charge(cost, &shared.limits)?;
        Ok(caller)
    }

    /// Runs the command `op`, as a socket would.
    async fn run(
        &self,
        caller: Caller,
        op: &str,
        fields: &Fields<'_>,
        trace: TraceId,
    ) -> Result<HttpResponse, Error> {
        let command = self.gateway.dispatcher.ops().command(op, fields)?;
        self.run_command(caller, command, trace).await
    }

    async fn run_command(
        &self,
        caller: Caller,
        command: Command,
        trace: TraceId,
    ) -> Result<HttpResponse, Error> {
        let shared = &self.gateway.shared;
        let bucket = shared.buckets.for_user(caller.user.id, &shared.limits);
        let call = Call::http(caller, command, trace, bucket);
        let body = self.gateway.call(call).await?;
        Ok(json_text(StatusCode::OK, body.0))
    }

    async fn ask<R: Ask>(&self, request: R, trace: TraceId) -> Result<R::Answer, Error> {
        let shared = &self.gateway.shared;
        let request = shared
            .bus
            .ask_traced(request, shared.limits.ask_within, trace)
            .await;
        request.map_err(Error::from)
    }
}

fn welcome(token: &Token, user: &User) -> HttpResponse {
    let welcome = json!({ "token": token.0, "user": UserShape::from(user) });
    response::json(StatusCode::OK, &welcome)
}

/// Says what is wrong if the refusal is about a password.
fn unless_right(refusal: Refusal, wrong: &'static str) -> Error {
    match refusal {
        Refusal::BadCredentials => Error::new(&BAD_CREDENTIALS).saying(wrong),
        refusal => refusal.into(),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Token, Error> {
    let unauthenticated = Error::new(&UNAUTHENTICATED).saying(NO_TOKEN);
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
