//! The hub: the one subscriber that brings the house's facts to the sockets.
//!
//! It keeps who is connected, who is a member of what (a copy that follows the entries) and which
//! entry of each room comes next. Entries go to each subscriber once, in order; what a connection's
//! task has to do in the same order (attach, subscribe, leave) it asks of the hub. Each frame is
//! encoded once, each touched socket written to once per turn. It asks nothing and reads no
//! storage: what it lacks, tasks of its own read and bring as events.

mod attach;
mod catch_up;
mod consent;
mod entries;
mod heads;
mod membership;
mod missing_range;
mod notice;
mod outbox;
mod person;
mod presence;
mod requests;
mod room;
mod room_activity;
mod subscription;
mod sweep;
#[cfg(test)]
mod tests;
mod timers;
mod typing;

pub(crate) use requests::{
    AbortJoin, Attach, AttachResult, BeginJoin, DeliverPage, Detach, FinishHello, JoinedInfo,
    PageDelivered, RoomCursor, SendLeaveReply, SetTyping, TypingResult,
};
pub(crate) use timers::start;

use crate::connection::{Close, Conn, Frame, FrameClass};
use crate::shared::Shared;
use bus::{Builder, Context, Handles, LoadError, Subscriber, Wiring};
use messaging::api::MarkerMoved;
use outbox::Outbox;
use person::Person;
use requests::{HeadsRead, MembersCounted, MembershipsRead, MissingRangeRead, SendHeads, Ticked};
use room::Room;
use rooms::api::{DirectAnswered, EntriesAppended, RoomKey};
use sessions::api::{
    Caller, ConnectionId, EndReason, EpochChanged, PresenceChanged, SessionEnded, StoreReachable,
    UserId,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Whom the gateway's own facts and tasks belong to.
pub(crate) const OWNER: &str = "gateway";

pub(crate) struct Hub {
    shared: Arc<Shared>,
    connections: HashMap<ConnectionId, AttachedConnection>,
    people: HashMap<UserId, Person>,
    rooms: HashMap<RoomKey, Room>,
    /// Rooms in which time will change something.
    timed_rooms: HashSet<RoomKey>,
    /// Rooms whose heads are to be told; told before they are read again, so hardly one twice.
    heads_due: VecDeque<RoomKey>,
    outbox: Outbox,
    ticks: u32,
    /// The store does not answer, and everyone here knows.
    store_lost: bool,
}

/// A connection that is somebody's.
struct AttachedConnection {
    conn: Arc<Conn>,
    caller: Caller,
    tab: String,
    /// `subscribe:"all"`.
    all: bool,
    /// The rooms it is subscribed to.
    rooms: HashSet<RoomKey>,
    /// What has to wait for the `hello` reply; `None` once that is out.
    held_frames: Option<Vec<Frame>>,
}

/// Puts the hub on the bus.
pub(crate) fn wire(builder: &mut Builder, shared: &Arc<Shared>) {
    builder.essential::<Hub>(Arc::clone(shared));
}

impl Subscriber for Hub {
    const NAME: &'static str = OWNER;
    type Deps = Arc<Shared>;

    /// Who is told that a message is stored is about to get it, too: one write for both.
    const ENDS_LAST: bool = true;

    /// Begins with nobody. After a failure the sockets that it knew are closed: their clients come
    /// back and resume.
    async fn load(shared: &Arc<Shared>) -> Result<Self, LoadError> {
        Ok(Self::empty(shared))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .on::<EntriesAppended>()
            .on::<DirectAnswered>()
            .on::<PresenceChanged>()
            .on::<SessionEnded>()
            .on::<EpochChanged>()
            .on::<StoreReachable>()
            .on::<MarkerMoved>()
            .on::<Ticked>()
            .on::<MissingRangeRead>()
            .on::<HeadsRead>()
            .on::<MembershipsRead>()
            .on::<MembersCounted>()
            .answers::<Attach>()
            .answers::<FinishHello>()
            .answers::<BeginJoin>()
            .answers::<AbortJoin>()
            .answers::<DeliverPage>()
            .answers::<SendLeaveReply>()
            .answers::<SendHeads>()
            .answers::<SetTyping>()
            .answers::<Detach>();
    }

    async fn turn_ended(&mut self, _: &mut Context) -> anyhow::Result<()> {
        let fanout = &self.shared.metrics.fanout;
        self.outbox.flush(fanout);
        fanout.set_sizes(self.connections.len(), self.people.len(), self.rooms.len());
        Ok(())
    }
}

impl Handles<SessionEnded> for Hub {
    async fn handle(&mut self, ended: &Arc<SessionEnded>, _: &mut Context) -> anyhow::Result<()> {
        let close = match ended.reason {
            EndReason::Logout => Close::LOGOUT,
            EndReason::Revoked | EndReason::Expired => Close::SESSION_ENDED,
        };
        let connections = self.people.get(&ended.user).map(|p| p.connections.clone());
        for id in connections.into_iter().flatten() {
            let attached = &self.connections[&id];
            if attached.caller.session == ended.session {
                attached.conn.end_session(close);
            }
        }
        Ok(())
    }
}

impl Handles<EpochChanged> for Hub {
    /// Nothing the hub knows of rooms holds in another store.
    async fn handle(&mut self, _: &Arc<EpochChanged>, _: &mut Context) -> anyhow::Result<()> {
        self.outbox.flush(&self.shared.metrics.fanout);
        *self = Self::empty(&self.shared);
        Ok(())
    }
}

impl Handles<MarkerMoved> for Hub {
    async fn handle(&mut self, moved: &Arc<MarkerMoved>, _: &mut Context) -> anyhow::Result<()> {
        let frame = Frame::json(&crate::wire::push::read(moved));
        self.push_to_user(moved.user, &frame, moved.by);
        Ok(())
    }
}

impl Hub {
    /// Knows nobody; the sockets that are open come back.
    fn empty(shared: &Arc<Shared>) -> Self {
        shared.sockets.close_all(Close::RESTART);
        Self {
            shared: Arc::clone(shared),
            connections: HashMap::new(),
            people: HashMap::new(),
            rooms: HashMap::new(),
            timed_rooms: HashSet::new(),
            heads_due: VecDeque::new(),
            outbox: Outbox::default(),
            ticks: 0,
            store_lost: false,
        }
    }

    /// A push to one connection, whatever it is subscribed to; not before its `hello` reply.
    fn push(&mut self, id: ConnectionId, frame: Frame) {
        let Some(attached) = self.connections.get_mut(&id) else {
            return;
        };
        match &mut attached.held_frames {
            Some(held) => held.push(frame),
            None => self.outbox.send(&attached.conn, frame, FrameClass::Push),
        }
    }

    /// A push to every connection of a user but one.
    fn push_to_user(&mut self, user: UserId, frame: &Frame, but: Option<ConnectionId>) {
        for id in self.connections_of(user) {
            if Some(id) != but {
                self.push(id, frame.clone());
            }
        }
    }

    fn connections_of(&self, user: UserId) -> smallvec::SmallVec<[ConnectionId; 2]> {
        let person = self.people.get(&user);
        person.map(|p| p.connections.clone()).unwrap_or_default()
    }
}
