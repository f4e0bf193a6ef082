//! `hello`: authenticates the client, finds its rooms and what it has missed; and `logout`.

use super::read::PAGE_ROWS;
use super::{Authenticated, Body, BusClient, CommandReply, Replay};
use crate::Limits;
use crate::connection::{Close, Conn};
use crate::hub::{Attach, AttachResult, Detach, FinishHello, RoomCursor};
use crate::metrics::ResumeOutcome;
use crate::wire::{self, BAD_CREDENTIALS, Error, Id, Time, UserShape};
use rooms::api::{Invitations, Membership, Memberships, RoomKey, Seq};
use serde::Serialize;
use sessions::api::{
    Caller, CancelHello, Hello as HelloRequest, Logout, Proof, Refusal, SessionId, Welcome,
};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) async fn hello(
    bus: &BusClient,
    current: Option<Caller>,
    conn: Arc<Conn>,
    id: u64,
    hello: wire::Hello,
) -> Result<CommandReply, Error> {
    if current.is_some() && !matches!(hello.proof, Proof::Jwt { .. }) {
        return Err(Error::field(
            "jwt",
            "required: this connection has already said hello",
        ));
    }
    let request = HelloRequest {
        proof: hello.proof.clone(),
        connection: conn.id,
        session: current.as_ref().map(|caller| caller.session),
        from: conn.network(),
        client: hello.client.clone(),
    };
    let welcome = match bus.ask_infallible(request).await? {
        Ok(welcome) => welcome,
        Err(Refusal::TokenInvalid) => {
            let error = Error::new(&BAD_CREDENTIALS);
            return Ok(CommandReply::ThenClose(Err(error), Close::SESSION_ENDED));
        }
        Err(refusal) => return Err(refusal.into()),
    };
    if current.is_some() {
        let rooms = BTreeMap::new();
        let body = body(&welcome, &hello, &rooms, &bus.shared.limits);
        conn.send_now(wire::reply::ok(id, &body.0));
        return Ok(CommandReply::Authenticated(Box::new(authenticated(
            welcome, None,
        ))));
    }
    match first_hello(bus, &conn, id, &hello, &welcome).await {
        Ok(Ok(replay)) => Ok(CommandReply::Authenticated(Box::new(authenticated(
            welcome, replay,
        )))),
        Ok(Err(close)) => {
            let error = Error::limit("connections_per_user");
            Ok(CommandReply::ThenClose(Err(error), close))
        }
        Err(error) => {
            undo(bus, &conn).await;
            Err(error)
        }
    }
}

fn authenticated(welcome: Welcome, replay: Option<Replay>) -> Authenticated {
    Authenticated {
        caller: welcome.caller,
        expires_at: welcome.expires_at,
        replay,
    }
}

/// Undoes a `hello` that failed half way, so that the client can try again.
async fn undo(bus: &BusClient, conn: &Conn) {
    let connection = conn.id;
    let _ = bus.ask_infallible(Detach { connection }).await;
    let _ = bus.ask_infallible(CancelHello { connection }).await;
}

async fn first_hello(
    bus: &BusClient,
    conn: &Arc<Conn>,
    id: u64,
    hello: &wire::Hello,
    welcome: &Welcome,
) -> Result<Result<Option<Replay>, Close>, Error> {
    let limits = &bus.shared.limits;
    let attach = Attach {
        conn: Arc::clone(conn),
        caller: welcome.caller.clone(),
        tab: hello.tab.clone(),
        all: hello.all,
    };
    match bus.ask_infallible(attach).await? {
        AttachResult::Done => {}
        AttachResult::TooManyTabs => return Err(Error::limit("tabs")),
        AttachResult::TooManyConnections => return Ok(Err(Close::CONNECTIONS)),
    }
    let users = vec![welcome.caller.user.id];
    let memberships = bus.ask(Memberships { users }).await?;
    let invitations = if hello.all {
        let (user, limit) = (welcome.caller.user.id, PAGE_ROWS);
        bus.ask(Invitations { user, limit }).await?
    } else {
        Vec::new()
    };
    let room_states = room_states(hello, &welcome.epoch, &memberships, limits);
    let rooms = room_states
        .iter()
        .map(|(room, state)| (&*room.0, state))
        .collect::<BTreeMap<_, _>>();
    let body = body(welcome, hello, &rooms, limits);
    let subscribed = room_states
        .iter()
        .filter_map(|(room, state)| Some((room.clone(), state.known()?)))
        .collect();
    let behind = bus
        .ask_infallible(FinishHello {
            connection: conn.id,
            memberships,
            rooms: subscribed,
            invitations,
            reply: wire::reply::ok(id, &body.0),
        })
        .await?;
    let outcome = resume(hello, room_states.iter().map(|(_, state)| state));
    bus.shared.metrics.sockets.resumed(outcome);
    let announced = hello.all || !hello.cursors.is_empty();
    let replay = announced.then(|| Replay::new(behind, true));
    Ok(Ok(replay))
}

/// The state of one room in the reply to `hello`.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum RoomState {
    Complete {
        head: Seq,
        from: Seq,
        complete: bool,
    },
    TooMany {
        head: Seq,
        complete: bool,
        gap: (Seq, Seq),
    },
    Reset {
        reset: bool,
        head: Seq,
    },
    Gone {
        gone: bool,
    },
}

impl RoomState {
    fn of(membership: &Membership, cursor: Option<Seq>, same_epoch: bool, max: i64) -> Self {
        let head = membership.head;
        let Some(cursor) = cursor else {
            let from = head + 1;
            return Self::Complete {
                head,
                from,
                complete: true,
            };
        };
        if !same_epoch || cursor > head {
            return Self::Reset { reset: true, head };
        }
        let from = (cursor + 1).max(membership.visible_from);
        if head - from >= max {
            return Self::TooMany {
                head,
                complete: false,
                gap: (from, head),
            };
        }
        Self::Complete {
            head,
            from,
            complete: true,
        }
    }

    /// Returns the cursor after which the room's pushes begin; `None` if the membership has ended.
    fn known(&self) -> Option<RoomCursor> {
        match *self {
            Self::Complete { from, head, .. } => Some(RoomCursor {
                cursor: from - 1,
                head,
            }),
            Self::TooMany { head, .. } | Self::Reset { head, .. } => {
                Some(RoomCursor::all_up_to(head))
            }
            Self::Gone { .. } => None,
        }
    }
}

/// Returns the worst outcome of all rooms, for the metrics.
fn resume<'a>(
    hello: &wire::Hello,
    room_states: impl Iterator<Item = &'a RoomState>,
) -> ResumeOutcome {
    if hello.cursors.is_empty() {
        return ResumeOutcome::Fresh;
    }
    let outcome = |state: &RoomState| match state {
        RoomState::Complete { .. } | RoomState::Gone { .. } => ResumeOutcome::Complete,
        RoomState::TooMany { .. } => ResumeOutcome::Gap,
        RoomState::Reset { .. } => ResumeOutcome::Reset,
    };
    room_states
        .map(outcome)
        .max()
        .unwrap_or(ResumeOutcome::Complete)
}

/// Returns the state of each room with a cursor, and with `subscribe:"all"` of all memberships.
fn room_states(
    hello: &wire::Hello,
    epoch: &str,
    memberships: &[Membership],
    limits: &Limits,
) -> Vec<(RoomKey, RoomState)> {
    let same_epoch = hello.epoch.as_ref().is_none_or(|given| given == epoch);
    let state = |membership: &Membership, cursor| {
        RoomState::of(membership, cursor, same_epoch, limits.replay_max)
    };
    let named = hello.cursors.iter().map(|(room, cursor)| {
        let membership = memberships.iter().find(|m| m.room.key == *room);
        let gone = RoomState::Gone { gone: true };
        let state = membership.map_or(gone, |m| state(m, Some(*cursor)));
        (room.clone(), state)
    });
    let mut room_states: Vec<_> = named.collect();
    if hello.all {
        let others = memberships
            .iter()
            .filter(|m| !hello.cursors.iter().any(|(room, _)| *room == m.room.key));
        room_states.extend(others.map(|m| (m.room.key.clone(), state(m, None))));
    }
    room_states
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

fn body(
    welcome: &Welcome,
    hello: &wire::Hello,
    rooms: &BTreeMap<&str, &RoomState>,
    limits: &Limits,
) -> Body {
    let same_epoch = hello
        .epoch
        .as_ref()
        .is_none_or(|given| *given == welcome.epoch);
    Body::of(&HelloShape {
        session: Id(welcome.caller.session),
        token: &welcome.token.0,
        user: (&welcome.caller.user).into(),
        epoch: &welcome.epoch,
        resumed: welcome.resumed && same_epoch,
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

/// Ends the session. Its sockets close with 1000, this one after the reply.
pub(super) async fn logout(
    bus: &BusClient,
    caller: Caller,
    conn: Option<Arc<Conn>>,
) -> Result<CommandReply, Error> {
    let body = Body::of(&serde_json::json!({}));
    let Some(conn) = conn else {
        bus.ask(Logout { caller }).await?;
        return Ok(CommandReply::Body(body));
    };
    conn.begin_logout();
    match bus.ask(Logout { caller }).await {
        Ok(()) => Ok(CommandReply::ThenClose(Ok(body), Close::LOGOUT)),
        Err(error) => {
            conn.cancel_logout();
            Err(error)
        }
    }
}
