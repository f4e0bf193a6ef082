//! The hub: the one bus subscriber that delivers events to the sockets.
//!
//! It keeps the connections, a copy of their users' memberships (which follows the entries) and the
//! next entry of each room. Every subscriber gets each entry once, in order; what a connection's task
//! does in the same order (attach, subscribe, leave) is a request to the hub. Each frame is encoded
//! once, and each touched socket written to once per turn. The hub sends no requests and reads no
//! storage: its tasks read what it lacks and bring it as events.

mod attach;
mod catch_up;
mod consent;
mod entries;
mod foreign_push;
mod heads;
mod membership;
mod missing_range;
mod notice;
mod outbox;
mod person;
mod presence;
mod profiles;
mod requests;
mod room;
mod room_activity;
mod subscription;
#[cfg(test)]
mod tests;
mod tick;
mod timers;
mod typing;

pub(crate) use requests::{
    AbortJoin, Attach, AttachResult, BeginJoin, DeliverPage, Detach, FinishHello, JoinedInfo,
    PageDelivered, RoomCursor, SendLeaveReply, SetTyping, TypingResult,
};
pub(crate) use timers::start;

use crate::connection::{Close, Conn, Frame, FrameClass};
use crate::shared::Shared;
use bus::{Builder, Context, Essential, Handles, LoadError, Subscriber, Wiring};
use messaging::api::MarkerMoved;
use outbox::Outbox;
use person::Person;
use requests::{
    DeliverForeignPushes, HeadsRead, MembersCounted, MembershipsRead, MissingRangeRead, SendHeads,
    Ticked,
};
use room::Room;
use rooms::api::{
    DirectAnswered, EntriesAppended, Members, Memberships, PreferencesChanged, ReadLog,
    RecentHeads, RoomKey,
};
use sessions::api::{
    Caller, ConnectionId, EndReason, EpochChanged, PresenceChanged, PresenceLoaded, ProfileChanged,
    SessionEnded, StoreReachable, UserId, UserRenamed,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// The owner of the gateway's own events and tasks.
pub(crate) const OWNER: &str = "gateway";

pub(crate) struct Hub {
    shared: Arc<Shared>,
    connections: HashMap<ConnectionId, AttachedConnection>,
    people: HashMap<UserId, Person>,
    rooms: HashMap<RoomKey, Room>,
    /// Rooms that need ticks.
    timed_rooms: HashSet<RoomKey>,
    /// Rooms whose heads are to be pushed. They usually all are before the next read, so a room is rarely
    /// queued twice.
    heads_due: VecDeque<RoomKey>,
    outbox: Outbox,
    ticks: u32,
    /// The store does not answer, and all clients were notified.
    store_lost: bool,
}

/// A connection that has said hello.
struct AttachedConnection {
    conn: Arc<Conn>,
    caller: Caller,
    tab: String,
    /// Whether it said `subscribe:"all"`.
    all: bool,
    /// The rooms it is subscribed to.
    rooms: HashSet<RoomKey>,
    /// Pushes that wait for the `hello` reply; `None` once that is sent.
    held_frames: Option<Vec<Frame>>,
}

/// Subscribes the hub to the bus and declares what its tasks ask.
pub(crate) fn wire(builder: &mut Builder, shared: &Arc<Shared>) {
    builder
        .essential::<Hub>(Arc::clone(shared))
        .asks::<RecentHeads>()
        .asks::<ReadLog>()
        .asks::<Members>()
        .asks::<Memberships>();
}

impl Subscriber for Hub {
    const NAME: &'static str = OWNER;
    type Kind = Essential;
    type Deps = Arc<Shared>;

    /// The sender of a message gets the reply and its own entry in one write.
    const ENDS_LAST: bool = true;

    /// Starts without connections. After a failure it closes the open sockets; their clients come back
    /// and resume.
    async fn load(shared: &Arc<Shared>) -> Result<Self, LoadError> {
        Ok(Self::empty(shared))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring
            .on::<EntriesAppended>()
            .on::<DirectAnswered>()
            .on::<PresenceLoaded>()
            .on::<PresenceChanged>()
            .on::<SessionEnded>()
            .on::<UserRenamed>()
            .on::<EpochChanged>()
            .on::<StoreReachable>()
            .on::<MarkerMoved>()
            .on::<PreferencesChanged>()
            .on::<ProfileChanged>()
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
            .answers::<DeliverForeignPushes>()
            .answers::<Detach>();
    }

    fn turn_ended(&mut self, _: &mut Context) {
        let fanout = &self.shared.metrics.fanout;
        self.outbox.flush(fanout, &self.shared.writers);
        fanout.set_sizes(self.connections.len(), self.people.len(), self.rooms.len());
    }
}

impl Handles<SessionEnded> for Hub {
    fn handle(&mut self, ended: &Arc<SessionEnded>, _: &mut Context) {
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
    }
}

impl Handles<UserRenamed> for Hub {
    /// Closes the user's other connections, which would go on under the old name, or as a guest: their
    /// clients come back and resume as who they are now.
    fn handle(&mut self, renamed: &Arc<UserRenamed>, _: &mut Context) {
        let UserRenamed { user, by } = &**renamed;
        if let Some(person) = self.people.get_mut(&user.id) {
            person.user = user.clone();
        }
        for id in self.connections_of(user.id) {
            let attached = self.connections.get_mut(&id).expect("the person has it");
            if Some(id) == *by {
                attached.caller.user = user.clone();
            } else {
                attached.conn.close(Close::RESTART);
            }
        }
    }
}

impl Handles<EpochChanged> for Hub {
    /// Starts over: nothing the hub knows of rooms holds in another store.
    fn handle(&mut self, _: &Arc<EpochChanged>, _: &mut Context) {
        self.start_over();
    }
}

impl Handles<MarkerMoved> for Hub {
    fn handle(&mut self, moved: &Arc<MarkerMoved>, _: &mut Context) {
        let frame = Frame::json(&crate::wire::push::read(moved));
        self.push_to_user(moved.user, &frame, moved.by);
    }
}

impl Handles<PreferencesChanged> for Hub {
    fn handle(&mut self, changed: &Arc<PreferencesChanged>, _: &mut Context) {
        let frame = Frame::json(&crate::wire::push::prefs(changed));
        self.push_to_user(changed.user, &frame, changed.by);
    }
}

impl Hub {
    /// Delivers what is due and forgets everything.
    fn start_over(&mut self) {
        let shared = &self.shared;
        self.outbox.flush(&shared.metrics.fanout, &shared.writers);
        *self = Self::empty(&self.shared);
    }

    /// Returns a hub without connections and closes the open sockets, whose clients come back.
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

    /// Sends a push to one connection, whatever its subscriptions, but not before its `hello` reply.
    fn push(&mut self, id: ConnectionId, frame: Frame) {
        let Some(attached) = self.connections.get_mut(&id) else {
            return;
        };
        match &mut attached.held_frames {
            Some(held) => held.push(frame),
            None => self.outbox.send(&attached.conn, frame, FrameClass::Push),
        }
    }

    /// Sends a push to every connection of a user but one.
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
