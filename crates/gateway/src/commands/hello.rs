//! `hello`: says who is connecting, and resumes where the client was.

mod resume;

use super::{Authenticated, Body, CommandReply, Context, Cost, Lane, PAGE_ROWS, Replay, Run};
use crate::connection::Close;
use crate::hub::{Attach, AttachResult, Detach, FinishHello};
use crate::wire::{self, Error, Fields, Id, Time, UserShape};
use resume::{ResumedRooms, RoomState};
use rooms::api::{Invitations, Memberships, RoomKey, Seq};
use serde::Serialize;
use sessions::api::{self, CancelHello, Proof, Refusal, SessionId, Token, Welcome};
use std::collections::BTreeMap;

/// Most characters of a tab's name.
const TAB_CHARS_MAX: usize = 32;

#[derive(Debug)]
pub(super) struct Hello {
    proof: Proof,
    /// The store that the cursors are of.
    epoch: Option<String>,
    /// The last entry that the client has applied, per room.
    cursors: Vec<(RoomKey, Seq)>,
    /// `subscribe:"all"`: every room that the user is or becomes a member of.
    all: bool,
    /// Which of the session's connections this is; empty by default.
    tab: String,
    /// What the client calls itself, shown in the list of sessions.
    client: Option<String>,
}

impl Run for Hello {
    const OP: &'static str = "hello";
    const LANE: Lane = Lane::Alone;
    const COST: Cost = Cost::Hello;
    const NEEDS_HELLO: bool = false;

    fn asks(builder: &mut bus::Builder) {
        builder
            .asks::<api::Hello>()
            .asks::<CancelHello>()
            .asks::<Memberships>()
            .asks::<Invitations>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        let hello = Self {
            proof: proof(d)?,
            epoch: d.optional_string("epoch")?,
            cursors: d.cursors()?,
            all: d
                .optional_word("subscribe", &[("all", ())], "must be all")?
                .is_some(),
            tab: d.optional_string("tab")?.unwrap_or_default(),
            client: d.optional_string("client")?,
        };
        if hello.epoch.is_none() && !hello.cursors.is_empty() {
            return Err(Error::field(
                "epoch",
                "is missing: cursors need the epoch that they belong to",
            ));
        }
        if hello.tab.chars().count() > TAB_CHARS_MAX {
            return Err(Error::field("tab", "must have at most 32 characters"));
        }
        Ok(hello)
    }

    fn room(&self) -> Option<RoomKey> {
        None
    }

    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let conn = context.socket()?;
        let before = context.caller.as_ref();
        if before.is_some() && !matches!(self.proof, Proof::Jwt { .. }) {
            return Err(Error::field(
                "jwt",
                "is missing: this connection is signed in already",
            ));
        }
        let hello = api::Hello {
            proof: self.proof.clone(),
            connection: conn.id,
            session: before.map(|caller| caller.session),
            from: conn.network(),
            client: self.client.clone(),
        };
        let welcome = match context.ask_infallible(hello).await? {
            Ok(welcome) => welcome,
            Err(Refusal::TokenInvalid) => {
                let error = Refusal::TokenInvalid.into();
                return Ok(CommandReply::ThenClose(Err(error), Close::SESSION_ENDED));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        if before.is_some() {
            let body = self.reply(&context, &welcome, &BTreeMap::new());
            conn.send_now(wire::reply::ok(context.id, &body.0));
            return Ok(authenticated(welcome, None));
        }
        match self.open(&context, &welcome).await {
            Ok(Ok(replay)) => Ok(authenticated(welcome, replay)),
            Ok(Err(close)) => {
                let error = Error::limit("connections_per_user");
                Ok(CommandReply::ThenClose(Err(error), close))
            }
            Err(error) => {
                undo(&context).await;
                Err(error)
            }
        }
    }
}

fn proof(d: &Fields<'_>) -> Result<Proof, Error> {
    let guest = d.optional_string("guest")?;
    let token = d.optional_string("token")?.map(Token);
    let jwt = d.optional_string("jwt")?;
    match (guest, token, jwt) {
        (Some(name), None, None) => Ok(Proof::Guest(name)),
        (None, Some(token), None) => Ok(Proof::Token(token)),
        (None, token, Some(jwt)) => Ok(Proof::Jwt { jwt, token }),
        (None, None, None) | (Some(_), ..) => Err(Error::field(
            "guest",
            "please give one of guest, token and jwt",
        )),
    }
}

fn authenticated(welcome: Welcome, replay: Option<Replay>) -> CommandReply {
    CommandReply::Authenticated(Box::new(Authenticated {
        caller: welcome.caller,
        expires_at: welcome.expires_at,
        replay,
    }))
}

/// Takes back a `hello` that failed half way, so that the client may try again.
async fn undo(context: &Context) {
    let Ok(conn) = context.socket() else {
        return;
    };
    let connection = conn.id;
    let _ = context.ask_infallible(Detach { connection }).await;
    let _ = context.ask_infallible(CancelHello { connection }).await;
}

impl Hello {
    /// Attaches the connection to the hub, which writes the reply. Returns what is to be replayed, or
    /// how the connection closes if the user has too many.
    async fn open(
        &self,
        context: &Context,
        welcome: &Welcome,
    ) -> Result<Result<Option<Replay>, Close>, Error> {
        let conn = context.socket()?;
        let connection = conn.id;
        let attach = Attach {
            conn,
            caller: welcome.caller.clone(),
            tab: self.tab.clone(),
            all: self.all,
        };
        match context.ask_infallible(attach).await? {
            AttachResult::Done => {}
            AttachResult::TooManyTabs => return Err(Error::limit("tabs")),
            AttachResult::TooManyConnections => return Ok(Err(Close::CONNECTIONS)),
        }
        let user = welcome.caller.user.id;
        let memberships = context.ask(Memberships { users: vec![user] }).await?;
        let invitations = if self.all {
            let limit = PAGE_ROWS;
            context.ask(Invitations { user, limit }).await?
        } else {
            Vec::new()
        };
        let max = context.limits().replay_max;
        let resumed = ResumedRooms::of(self, &welcome.epoch, &memberships, max);
        let body = self.reply(context, welcome, &resumed.by_key());
        let behind = context
            .ask_infallible(FinishHello {
                connection,
                memberships,
                rooms: resumed.known(),
                invitations,
                reply: wire::reply::ok(context.id, &body.0),
            })
            .await?;
        let outcome = resumed.outcome(!self.cursors.is_empty());
        context.shared().metrics.sockets.resumed(outcome);
        let is_announced = self.all || !self.cursors.is_empty();
        Ok(Ok(is_announced.then(|| Replay::new(behind, true))))
    }

    fn is_of(&self, epoch: &str) -> bool {
        self.epoch.as_ref().is_none_or(|given| given == epoch)
    }

    fn reply(
        &self,
        context: &Context,
        welcome: &Welcome,
        rooms: &BTreeMap<&str, &RoomState>,
    ) -> Body {
        let limits = context.limits();
        Body::of(&HelloShape {
            session: Id(welcome.caller.session),
            token: &welcome.token.0,
            user: (&welcome.caller.user).into(),
            epoch: &welcome.epoch,
            resumed: welcome.resumed && self.is_of(&welcome.epoch),
            rooms,
            durability: welcome.durability,
            ping_s: limits.ping_every.as_secs(),
            limits: LimitsShape {
                frame_bytes: limits.frame_bytes,
                body_chars: limits.body_chars,
                body_bytes: limits.body_bytes,
                page_max: limits.page_max,
                rooms_max: limits.rooms_max,
                sends_per_s: limits.sends_per_s,
                commands_per_s: limits.commands_per_s,
            },
            time: Time::now(),
        })
    }
}

#[derive(Serialize)]
struct HelloShape<'a> {
    session: Id<SessionId>,
    token: &'a str,
    user: UserShape<'a>,
    epoch: &'a str,
    resumed: bool,
    rooms: &'a BTreeMap<&'a str, &'a RoomState>,
    durability: &'static str,
    ping_s: u64,
    limits: LimitsShape,
    time: Time,
}

#[derive(Serialize)]
struct LimitsShape {
    frame_bytes: usize,
    body_chars: usize,
    body_bytes: usize,
    page_max: usize,
    rooms_max: usize,
    sends_per_s: u32,
    commands_per_s: u32,
}
