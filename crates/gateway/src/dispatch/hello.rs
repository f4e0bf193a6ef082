//! `hello`: who it is, where they are members, what they have missed; and `logout`.

use super::read::LINES;
use super::{Answer, Asker, Body, Opened, Replay};
use crate::Limits;
use crate::connection::{Close, Conn};
use crate::hub::{Attach, Attaching, Detach, Known, Open};
use crate::metrics::Resume;
use crate::wire::{self, BAD_CREDENTIALS, Error, Id, Time, UserShape};
use rooms::api::{Invitations, Membership, Memberships, RoomKey, Seq};
use serde::Serialize;
use sessions::api::{
    Caller, CancelHello, Hello as Knock, Logout, Proof, Refusal, SessionId, Welcome,
};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) async fn hello(
    asker: &Asker,
    already: Option<Caller>,
    conn: Arc<Conn>,
    id: u64,
    hello: wire::Hello,
) -> Result<Answer, Error> {
    if already.is_some() && !matches!(hello.proof, Proof::Jwt { .. }) {
        return Err(Error::field("jwt", "this connection is somebody's already"));
    }
    let knock = Knock {
        proof: hello.proof.clone(),
        connection: conn.id,
        session: already.as_ref().map(|caller| caller.session),
        from: conn.network(),
        client: hello.client.clone(),
    };
    let welcome = match asker.plainly(knock).await? {
        Ok(welcome) => welcome,
        Err(Refusal::TokenInvalid) => {
            let error = Error::new(&BAD_CREDENTIALS);
            return Ok(Answer::Last(Err(error), Close::SESSION_ENDED));
        }
        Err(refusal) => return Err(refusal.into()),
    };
    if already.is_some() {
        let rooms = BTreeMap::new();
        let body = body(&welcome, &hello, &rooms, &asker.shared.limits);
        conn.say(wire::reply::ok(id, &body.0));
        return Ok(Answer::Opened(Box::new(opened(welcome, None))));
    }
    match open(asker, &conn, id, &hello, &welcome).await {
        Ok(Ok(replay)) => Ok(Answer::Opened(Box::new(opened(welcome, replay)))),
        Ok(Err(close)) => {
            let error = Error::limit("connections_per_user");
            Ok(Answer::Last(Err(error), close))
        }
        Err(error) => {
            undo(asker, &conn).await;
            Err(error)
        }
    }
}

fn opened(welcome: Welcome, replay: Option<Replay>) -> Opened {
    Opened {
        caller: welcome.caller,
        expires_at: welcome.expires_at,
        replay,
    }
}

/// A `hello` that came half way leaves nothing behind: the client may try again.
async fn undo(asker: &Asker, conn: &Conn) {
    let connection = conn.id;
    let _ = asker.plainly(Detach { connection }).await;
    let _ = asker.plainly(CancelHello { connection }).await;
}

async fn open(
    asker: &Asker,
    conn: &Arc<Conn>,
    id: u64,
    hello: &wire::Hello,
    welcome: &Welcome,
) -> Result<Result<Option<Replay>, Close>, Error> {
    let limits = &asker.shared.limits;
    let attach = Attach {
        conn: Arc::clone(conn),
        caller: welcome.caller.clone(),
        tab: hello.tab.clone(),
        all: hello.all,
    };
    match asker.plainly(attach).await? {
        Attaching::Done => {}
        Attaching::TooManyTabs => return Err(Error::limit("tabs")),
        Attaching::TooManyConnections => return Ok(Err(Close::CONNECTIONS)),
    }
    let users = vec![welcome.caller.user.id];
    let memberships = asker.ask(Memberships { users }).await?;
    let invitations = if hello.all {
        let (user, limit) = (welcome.caller.user.id, LINES);
        asker.ask(Invitations { user, limit }).await?
    } else {
        Vec::new()
    };
    let lines = lines(hello, &welcome.epoch, &memberships, limits);
    let rooms = lines
        .iter()
        .map(|(room, line)| (&*room.0, line))
        .collect::<BTreeMap<_, _>>();
    let body = body(welcome, hello, &rooms, limits);
    let subscribed = lines
        .iter()
        .filter_map(|(room, line)| Some((room.clone(), line.known()?)))
        .collect();
    let behind = asker
        .plainly(Open {
            connection: conn.id,
            memberships,
            rooms: subscribed,
            invitations,
            reply: wire::reply::ok(id, &body.0),
        })
        .await?;
    let outcome = resume(hello, lines.iter().map(|(_, line)| line));
    asker.shared.metrics.sockets.resumed(outcome);
    let announced = hello.all || !hello.cursors.is_empty();
    let replay = announced.then(|| Replay::new(behind, true));
    Ok(Ok(replay))
}

/// What `hello` says of one room.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Line {
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

impl Line {
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

    /// The pushes of this room begin after that.
    fn known(&self) -> Option<Known> {
        match *self {
            Self::Complete { from, head, .. } => Some(Known {
                cursor: from - 1,
                head,
            }),
            Self::TooMany { head, .. } | Self::Reset { head, .. } => Some(Known::all_up_to(head)),
            Self::Gone { .. } => None,
        }
    }
}

/// The worst that any room came to.
fn resume<'a>(hello: &wire::Hello, lines: impl Iterator<Item = &'a Line>) -> Resume {
    if hello.cursors.is_empty() {
        return Resume::Fresh;
    }
    let outcome = |line: &Line| match line {
        Line::Complete { .. } | Line::Gone { .. } => Resume::Complete,
        Line::TooMany { .. } => Resume::Gap,
        Line::Reset { .. } => Resume::Reset,
    };
    lines.map(outcome).max().unwrap_or(Resume::Complete)
}

/// One line per cursor, and with `subscribe:"all"` per membership.
fn lines(
    hello: &wire::Hello,
    epoch: &str,
    memberships: &[Membership],
    limits: &Limits,
) -> Vec<(RoomKey, Line)> {
    let same_epoch = hello.epoch.as_ref().is_none_or(|given| given == epoch);
    let line = |membership: &Membership, cursor| {
        Line::of(membership, cursor, same_epoch, limits.replay_max)
    };
    let named = hello.cursors.iter().map(|(room, cursor)| {
        let membership = memberships.iter().find(|m| m.room.key == *room);
        let gone = Line::Gone { gone: true };
        let line = membership.map_or(gone, |m| line(m, Some(*cursor)));
        (room.clone(), line)
    });
    let mut lines: Vec<_> = named.collect();
    if hello.all {
        let others = memberships
            .iter()
            .filter(|m| !hello.cursors.iter().any(|(room, _)| *room == m.room.key));
        lines.extend(others.map(|m| (m.room.key.clone(), line(m, None))));
    }
    lines
}

#[derive(Serialize)]
struct HelloShape<'a> {
    session: Id<SessionId>,
    token: &'a str,
    user: UserShape<'a>,
    epoch: &'a str,
    resumed: bool,
    rooms: &'a BTreeMap<&'a str, &'a Line>,
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
    rooms: &BTreeMap<&str, &Line>,
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

/// Ends the session. Its sockets close 1000, this one after the reply.
pub(super) async fn logout(
    asker: &Asker,
    caller: Caller,
    conn: Option<Arc<Conn>>,
) -> Result<Answer, Error> {
    let body = Body::of(&serde_json::json!({}));
    let Some(conn) = conn else {
        asker.ask(Logout { caller }).await?;
        return Ok(Answer::Body(body));
    };
    conn.logs_out();
    match asker.ask(Logout { caller }).await {
        Ok(()) => Ok(Answer::Last(Ok(body), Close::LOGOUT)),
        Err(error) => {
            conn.stays();
            Err(error)
        }
    }
}
