//! A gateway whose neighbours are played: it is asked who someone is and where they are members, and
//! nothing else.

use crate::one_thread;
use bus::{AskError, Builder, Bus, Reads, Request, Running, Tasks, TraceId};
use gateway::{Gateway, Limits, Peer, Stream};
use messaging::api as m;
use rooms::api::{self as r, History, Kind, Membership, Role, RoomId, RoomInfo, RoomKey};
use sessions::api::{
    self as s, Caller, ConnectionId, Hello, Online, Proof, SessionId, Token, User, UserId, Welcome,
};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// No timer comes while a piece is measured, however slowly that goes.
const NEVER: Duration = Duration::from_secs(86_400);

/// Whether this room has this person.
type IsIn = fn(room: usize, person: u64) -> bool;

pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) gateway: Gateway,
    pub(crate) bus: Bus,
    pub(crate) rooms: Vec<Arc<RoomInfo>>,
    tasks: Tasks,
    _running: Running,
}

impl Stage {
    pub(crate) fn new(is_in: IsIn, rooms: usize) -> Self {
        let runtime = one_thread();
        let rooms: Vec<_> = (0..rooms).map(info).collect();
        let cast = Arc::new(Cast {
            rooms: rooms.clone(),
            is_in,
        });
        let tasks = Tasks::new(CancellationToken::new());
        let limits = Limits {
            ping_every: NEVER,
            hello_within: NEVER,
            ..Limits::default().off()
        };
        let (running, gateway) = runtime.block_on(async {
            let mut builder = Builder::new(bus::Settings::default(), &tasks);
            let gateway = Gateway::wire(&mut builder, &tasks, Online::new(), limits);
            cast.play(&mut builder);
            let running = builder.start().await.expect("the bus starts");
            (running, gateway)
        });
        Self {
            runtime,
            gateway,
            bus: running.bus().clone(),
            rooms,
            tasks,
            _running: running,
        }
    }

    pub(crate) fn caller(person: u64) -> Caller {
        Caller {
            user: user(person),
            session: SessionId(id(person)),
            admin: false,
        }
    }

    /// So many people, connected and subscribed to their rooms; the ends of their sockets.
    pub(crate) fn audience(&self, people: u64) -> Vec<TcpStream> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        (0..people)
            .map(|person| self.runtime.block_on(self.connect(&listener, person)))
            .collect()
    }

    async fn connect(&self, listener: &TcpListener, person: u64) -> TcpStream {
        let address = listener.local_addr().expect("it is bound");
        let client = TcpStream::connect(address).expect("it listens");
        let (server, peer) = listener.accept().expect("a connection");
        server.set_nonblocking(true).expect("an open socket");
        let server = tokio::net::TcpStream::from_std(server).expect("an open socket");
        let stream = Stream::new(server).expect("an open socket");
        let hello = frame(&format!(
            r#"{{"id":1,"op":"hello","d":{{"guest":"{person}","subscribe":"all"}}}}"#
        ));
        let serving = self.gateway.clone();
        let serving = serving.serve(stream, hello.into(), Peer::of(peer.ip()));
        self.tasks.once("pieces", "socket", serving);
        let welcomed = tokio::time::timeout(WELCOME_MAX, welcomed(client));
        welcomed.await.expect("a welcome")
    }
}

/// How long a welcome may take under an instrument that slows everything down.
const WELCOME_MAX: Duration = Duration::from_secs(60);

/// Waits for the end of the welcome.
async fn welcomed(client: TcpStream) -> TcpStream {
    client.set_nonblocking(true).expect("an open socket");
    let client = tokio::net::TcpStream::from_std(client).expect("an open socket");
    let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&heard).contains("\"resumed\",") {
        client.readable().await.expect("an open socket");
        if let Ok(length) = client.try_read(&mut buffer) {
            heard.extend_from_slice(&buffer[..length]);
        }
    }
    let client = client.into_std().expect("an open socket");
    client.set_nonblocking(false).expect("an open socket");
    client
}

/// A client's text frame of at most 125 bytes, under the mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

pub(crate) fn user(person: u64) -> User {
    User {
        id: UserId(id(person)),
        name: format!("person-{person}").into(),
        guest: false,
    }
}

fn id(person: u64) -> [u8; 16] {
    u128::from(person).to_be_bytes()
}

fn info(room: usize) -> Arc<RoomInfo> {
    Arc::new(RoomInfo {
        id: RoomId(i64::try_from(room).expect("few rooms")),
        key: RoomKey(format!("room-{room}").into()),
        title: format!("Room {room}"),
        topic: String::new(),
        kind: Kind::Public,
        history: History::All,
        pair: None,
    })
}

/// Who plays sessions and rooms.
struct Cast {
    rooms: Vec<Arc<RoomInfo>>,
    is_in: IsIn,
}

impl Reads<Hello> for Cast {
    async fn read(&self, hello: Hello, _: TraceId) -> Result<<Hello as Request>::Answer, AskError> {
        let Proof::Guest(name) = hello.proof else {
            return Err(AskError::Failed);
        };
        let ConnectionId(_) = hello.connection;
        Ok(Ok(Welcome {
            caller: Stage::caller(name.parse().map_err(|_| AskError::Failed)?),
            token: Token(name),
            resumed: false,
            expires_at: None,
            epoch: "epoch".to_owned(),
            durability: "power",
        }))
    }
}

impl Reads<r::Memberships> for Cast {
    async fn read(
        &self,
        whose: r::Memberships,
        _: TraceId,
    ) -> Result<<r::Memberships as Request>::Answer, AskError> {
        let people = whose.users.iter();
        Ok(Ok(people.flat_map(|user| self.of(*user)).collect()))
    }
}

impl Reads<r::Invitations> for Cast {
    async fn read(
        &self,
        _: r::Invitations,
        _: TraceId,
    ) -> Result<<r::Invitations as Request>::Answer, AskError> {
        Ok(Ok(Vec::new()))
    }
}

impl Cast {
    fn of(&self, user: UserId) -> Vec<Membership> {
        let person = u64::try_from(u128::from_be_bytes(user.0)).expect("a small number");
        let rooms = self.rooms.iter().enumerate();
        rooms
            .filter(|(room, _)| (self.is_in)(*room, person))
            .map(|(_, info)| Membership {
                user,
                room: Arc::clone(info),
                role: Role::Member,
                head: 0,
                visible_from: 1,
                answered: true,
                muted_until: None,
            })
            .collect()
    }

    /// Answers all that a gateway asks.
    fn play(self: Arc<Self>, builder: &mut Builder) {
        let silent = Silent { builder };
        silent
            .hears::<s::Disconnected>()
            .hears::<s::Logout>()
            .hears::<s::RevokeSession>()
            .hears::<s::ListSessions>()
            .hears::<s::CancelHello>()
            .hears::<r::JoinRoom>()
            .hears::<r::LeaveRoom>()
            .hears::<r::CreateRoom>()
            .hears::<r::UpdateRoom>()
            .hears::<r::OpenDirect>()
            .hears::<r::AnswerDirect>()
            .hears::<r::Moderate>()
            .hears::<r::ReadLog>()
            .hears::<r::Members>()
            .hears::<r::RecentHeads>()
            .hears::<m::SendMessage>()
            .hears::<m::EditMessage>()
            .hears::<m::DeleteMessage>()
            .hears::<m::React>()
            .hears::<m::MarkRead>()
            .hears::<m::ReadHistory>()
            .hears::<m::ListRooms>()
            .builder
            .reads::<Hello, _>(CAST, 1, Arc::clone(&self))
            .reads::<r::Invitations, _>(CAST, 1, Arc::clone(&self))
            .reads::<r::Memberships, _>(CAST, 1, self);
    }
}

const CAST: &str = "pieces.cast";

/// Adds parts without a line.
struct Silent<'b> {
    builder: &'b mut Builder,
}

impl Silent<'_> {
    fn hears<R: Request>(self) -> Self {
        self.builder.reads::<R, _>(CAST, 1, Arc::new(Mute));
        self
    }
}

struct Mute;

impl<R: Request> Reads<R> for Mute {
    async fn read(&self, _: R, _: TraceId) -> Result<R::Answer, AskError> {
        Err(AskError::Failed)
    }
}
