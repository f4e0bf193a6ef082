//! The hub: the one subscriber that brings the house's facts to the sockets.
//!
//! It keeps who is connected, who is a member of what (a copy that follows the entries) and which
//! entry of each room comes next. Entries go to each subscriber once, in order; what a connection's
//! task has to do in the same order (attach, subscribe, leave) it asks of the hub. Each frame is
//! encoded once, each touched socket written to once per turn. It asks nothing and reads no
//! storage: what it lacks, tasks of its own read and bring as events.

mod advance;
mod answer;
mod attach;
mod entries;
mod heads;
mod hole;
mod membership;
mod notice;
mod outbox;
mod person;
mod presence;
mod pulse;
mod requests;
mod room;
mod sub;
mod sweep;
#[cfg(test)]
mod tests;
mod timers;
mod typing;

pub(crate) use requests::{
    Advance, Advanced, Attach, Attaching, Detach, Found, Known, Mark, Open, SayLeft, Types, Typing,
    Unmark,
};
pub(crate) use timers::start;

use crate::connection::{Class, Close, Conn, Frame};
use crate::shared::Shared;
use bus::{Builder, Context, Handles, LoadError, Subscriber, Wiring};
use messaging::api::MarkerMoved;
use outbox::Outbox;
use person::Person;
use requests::{Counted, HeadsRead, HoleRead, StaysRead, TellHeads, Ticked};
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
    connections: HashMap<ConnectionId, Attached>,
    people: HashMap<UserId, Person>,
    rooms: HashMap<RoomKey, Room>,
    /// Rooms in which time will change something.
    busy: HashSet<RoomKey>,
    /// Rooms whose heads are to be told; told before they are read again, so hardly one twice.
    news: VecDeque<RoomKey>,
    outbox: Outbox,
    ticks: u32,
    /// The store does not answer, and everyone here knows.
    store_lost: bool,
}

/// A connection that is somebody's.
struct Attached {
    conn: Arc<Conn>,
    caller: Caller,
    tab: String,
    /// `subscribe:"all"`.
    all: bool,
    /// The rooms it is subscribed to.
    rooms: HashSet<RoomKey>,
    /// What has to wait for the `hello` reply; `None` once that is out.
    opening: Option<Vec<Frame>>,
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
        Ok(Self::anew(shared))
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
            .on::<HoleRead>()
            .on::<HeadsRead>()
            .on::<StaysRead>()
            .on::<Counted>()
            .answers::<Attach>()
            .answers::<Open>()
            .answers::<Mark>()
            .answers::<Unmark>()
            .answers::<Advance>()
            .answers::<SayLeft>()
            .answers::<TellHeads>()
            .answers::<Types>()
            .answers::<Detach>();
    }

    async fn turn_ended(&mut self, _: &mut Context) -> anyhow::Result<()> {
        let fanout = &self.shared.metrics.fanout;
        self.outbox.flush(fanout);
        fanout.keeps(self.connections.len(), self.people.len(), self.rooms.len());
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
        *self = Self::anew(&self.shared);
        Ok(())
    }
}

impl Handles<MarkerMoved> for Hub {
    async fn handle(&mut self, moved: &Arc<MarkerMoved>, _: &mut Context) -> anyhow::Result<()> {
        let frame = Frame::json(&crate::wire::push::read(moved));
        self.tell_person(moved.user, &frame, moved.by);
        Ok(())
    }
}

impl Hub {
    /// Knows nobody; the sockets that are open come back.
    fn anew(shared: &Arc<Shared>) -> Self {
        shared.sockets.close_all(Close::RESTART);
        Self {
            shared: Arc::clone(shared),
            connections: HashMap::new(),
            people: HashMap::new(),
            rooms: HashMap::new(),
            busy: HashSet::new(),
            news: VecDeque::new(),
            outbox: Outbox::default(),
            ticks: 0,
            store_lost: false,
        }
    }

    /// A push to one connection, whatever it is subscribed to; not before its `hello` reply.
    fn tell(&mut self, id: ConnectionId, frame: Frame) {
        let Some(attached) = self.connections.get_mut(&id) else {
            return;
        };
        match &mut attached.opening {
            Some(kept) => kept.push(frame),
            None => self.outbox.send(&attached.conn, frame, Class::Push),
        }
    }

    /// A push to every connection of a user but one.
    fn tell_person(&mut self, user: UserId, frame: &Frame, but: Option<ConnectionId>) {
        for id in self.connections_of(user) {
            if Some(id) != but {
                self.tell(id, frame.clone());
            }
        }
    }

    fn connections_of(&self, user: UserId) -> smallvec::SmallVec<[ConnectionId; 2]> {
        let person = self.people.get(&user);
        person.map(|p| p.connections.clone()).unwrap_or_default()
    }
}
