//! `join`: becomes a member of a room and subscribes the connection to it, backlog and live as one step.

use super::parts::{OnlineShape, online, page_limit};
use super::{Body, CommandReply, Context, Cost, Lane, Run};
use crate::hub::{AbortJoin, BeginJoin, DeliverPage, JoinedInfo, PageDelivered};
use crate::wire::{self, CardShape, EntryShape, Error, Fields};
use futures_util::future::try_join;
use rooms::api::{
    JoinByLink, JoinRoom, Joined, LinkCode, LogPage, Members, MembersPage, ReadLog, RoomKey, Seq,
};
use serde::Serialize;
use sessions::api::Caller;
use std::sync::Arc;

pub(super) struct Join {
    room: RoomKey,
    /// The client's cursor; without one the reply holds the newest entries.
    after: Option<Seq>,
    limit: Option<i64>,
    /// The code of a link, which takes the place of an invitation.
    code: Option<LinkCode>,
}

impl Run for Join {
    const OP: &'static str = "join";
    const LANE: Lane = Lane::Steps;
    const COST: Cost = Cost::Other;

    fn asks(builder: &mut bus::Builder) {
        builder
            .asks::<JoinRoom>()
            .asks::<JoinByLink>()
            .asks::<ReadLog>()
            .asks::<Members>();
    }

    fn read(d: &Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            room: d.room()?,
            after: d.optional_integer("after")?,
            limit: d.optional_integer("limit")?,
            code: d.optional_string("code")?.map(LinkCode),
        })
    }

    fn room(&self) -> Option<RoomKey> {
        Some(self.room.clone())
    }

    /// Over HTTP there is nothing to subscribe.
    async fn run(self, context: Context) -> Result<CommandReply, Error> {
        let Some(connection) = context.conn.as_ref().map(|conn| conn.id) else {
            let entered = self.enter(&context).await?;
            return Ok(CommandReply::Body(entered.body(&context)?));
        };
        let room = self.room.clone();
        let mark = BeginJoin {
            connection,
            room: room.clone(),
        };
        context.ask_infallible(mark).await?;
        match self.enter(&context).await {
            Ok(entered) => entered.subscribe(&context, room).await,
            Err(error) => {
                // The mark would also lapse by itself, and the client needs the refusal.
                let _ = context.ask_infallible(AbortJoin { connection, room }).await;
                Err(error)
            }
        }
    }
}

/// What the reply to a `join` shows.
struct JoinedRoom {
    joined: Joined,
    page: LogPage,
    members: MembersPage,
}

impl Join {
    /// Becomes a member, then reads the log up to that commit and who is online.
    async fn enter(self, context: &Context) -> Result<JoinedRoom, Error> {
        let (caller, limits) = (context.caller()?, context.limits());
        let Self {
            room,
            after,
            limit,
            code,
        } = self;
        let joined = join(context, &caller, &room, code).await?;
        let log = ReadLog {
            reader: Some(caller.user.id),
            room: room.clone(),
            after,
            upto: Some(joined.head),
            limit: page_limit(limit, limits),
            bytes: limits.page_bytes,
        };
        let online = online(caller, room, limits);
        let (page, members) = try_join(context.ask(log), context.ask(online)).await?;
        Ok(JoinedRoom {
            joined,
            page,
            members,
        })
    }
}

/// Becomes a member, by the code of a link if there is one. A guess at a code costs as much as one at a
/// token.
async fn join(
    context: &Context,
    caller: &Caller,
    room: &RoomKey,
    code: Option<LinkCode>,
) -> Result<Joined, Error> {
    let (caller, room) = (caller.clone(), room.clone());
    let Some(code) = code else {
        return context.ask(JoinRoom { caller, room }).await;
    };
    let (buckets, limits) = (&context.shared().buckets, context.limits());
    let bucket = buckets.for_user(caller.user.id, limits);
    bucket.charge(Cost::Hello, limits)?;
    context.ask(JoinByLink { caller, room, code }).await
}

impl JoinedRoom {
    /// Has the hub write the reply and begin the pushes of the room right after it.
    async fn subscribe(self, context: &Context, room: RoomKey) -> Result<CommandReply, Error> {
        let advance = DeliverPage {
            connection: context.socket()?.id,
            room: room.clone(),
            reply: Some(wire::reply::ok(context.id, &self.body(context)?.0)),
            frames: Vec::new(),
            cursor: self.joined.head,
            at_head: true,
            joined: Some(Box::new(JoinedInfo {
                info: Arc::clone(&self.joined.room),
                role: self.joined.role,
                count: self.members.count,
                muted_until: self.joined.muted_until,
            })),
        };
        match context.ask_infallible(advance).await? {
            PageDelivered::More => Ok(CommandReply::CatchUp(room, self.joined.head)),
            PageDelivered::Live | PageDelivered::Gone => Ok(CommandReply::Sent),
        }
    }

    fn body(&self, context: &Context) -> Result<Body, Error> {
        let joined = &self.joined;
        let user = context.caller()?.user.id;
        let card = joined.room.card(user, Some(joined.role));
        let entries = self.page.entries.iter();
        Ok(Body::of(&JoinShape {
            card: (&card).into(),
            head: joined.head,
            entries: entries.map(|entry| EntryShape::from(&**entry)).collect(),
            complete: self.page.complete,
            members: OnlineShape::from(&self.members),
        }))
    }
}

#[derive(Serialize)]
struct JoinShape<'a> {
    card: CardShape<'a>,
    head: Seq,
    entries: Vec<EntryShape<'a>>,
    complete: bool,
    members: OnlineShape<'a>,
}
