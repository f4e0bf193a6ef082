//! A gateway with stubs for the other crates, which only answer who a user is and which rooms they
//! are in.

use crate::one_thread;
use bus::{AskError, Builder, Bus, Reads, Request, Running, Tasks, TraceId};
use gateway::{Gateway, Limits, Peer, Stream};
use messaging::api as m;
use rooms::api::{self as r, History, Kind, Membership, Role, RoomId, RoomInfo, RoomKey};
use sessions::api::{
    self as s, Caller, ConnectionId, Hello, Proof, SessionId, Token, User, UserId, Welcome,
};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Timers do not fire while a piece is measured, however slow that is.
const ONE_DAY: Duration = Duration::from_secs(86_400);

/// Decides whether a person is a member of a room.
type IsMember = fn(room: usize, person: u64) -> bool;

pub(crate) struct GatewayFixture {
    pub(crate) runtime: Runtime,
    pub(crate) gateway: Gateway,
    pub(crate) bus: Bus,
    pub(crate) rooms: Vec<Arc<RoomInfo>>,
    tasks: Tasks,
    _running: Running,
}

impl GatewayFixture {
    pub(crate) fn new(is_member: IsMember, rooms: usize) -> Self {
        let runtime = one_thread();
        let rooms: Vec<_> = (0..rooms).map(info).collect();
        let services = Arc::new(StubServices {
            rooms: rooms.clone(),
            is_member,
        });
        let tasks = Tasks::new(CancellationToken::new());
        let limits = Limits {
            ping_every: ONE_DAY,
            hello_within: ONE_DAY,
            ..Limits::default().off()
        };
        let (running, gateway) = runtime.block_on(async {
            let mut builder = Builder::new(bus::Settings::default(), &tasks);
            let gateway = Gateway::wire(&mut builder, &tasks, limits);
            services.register(&mut builder);
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

    /// Connects this many people, subscribes them to their rooms, and returns the client sockets.
    pub(crate) fn connect_clients(&self, people: u64) -> Vec<TcpStream> {
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
        let ready = tokio::time::timeout(HELLO_TIMEOUT, wait_until_resumed(client));
        ready.await.expect("a reply to hello")
    }
}

/// Time limit of a hello, even under an instrument that slows everything down.
const HELLO_TIMEOUT: Duration = Duration::from_secs(60);

/// Waits for the push `resumed`, which ends the reply to hello.
async fn wait_until_resumed(client: TcpStream) -> TcpStream {
    client.set_nonblocking(true).expect("an open socket");
    let client = tokio::net::TcpStream::from_std(client).expect("an open socket");
    let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&received).contains("\"resumed\",") {
        client.readable().await.expect("an open socket");
        if let Ok(length) = client.try_read(&mut buffer) {
            received.extend_from_slice(&buffer[..length]);
        }
    }
    let client = client.into_std().expect("an open socket");
    client.set_nonblocking(false).expect("an open socket");
    client
}

/// Builds a client's text frame of at most 125 bytes, with a mask of zeros.
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

/// Stubs for sessions and rooms.
struct StubServices {
    rooms: Vec<Arc<RoomInfo>>,
    is_member: IsMember,
}

impl Reads<Hello> for StubServices {
    async fn read(&self, hello: Hello, _: TraceId) -> Result<<Hello as Request>::Answer, AskError> {
        let Proof::Guest(name) = hello.proof else {
            return Err(AskError::Failed);
        };
        let ConnectionId(_) = hello.connection;
        Ok(Ok(Welcome {
            caller: GatewayFixture::caller(name.parse().map_err(|_| AskError::Failed)?),
            token: Token(name),
            resumed: false,
            expires_at: None,
            epoch: "epoch".to_owned(),
            durability: "power",
        }))
    }
}

impl Reads<r::Memberships> for StubServices {
    async fn read(
        &self,
        whose: r::Memberships,
        _: TraceId,
    ) -> Result<<r::Memberships as Request>::Answer, AskError> {
        let people = whose.users.iter();
        Ok(Ok(people.flat_map(|user| self.of(*user)).collect()))
    }
}

impl Reads<r::Invitations> for StubServices {
    async fn read(
        &self,
        _: r::Invitations,
        _: TraceId,
    ) -> Result<<r::Invitations as Request>::Answer, AskError> {
        Ok(Ok(Vec::new()))
    }
}

impl StubServices {
    fn of(&self, user: UserId) -> Vec<Membership> {
        let person = u64::try_from(u128::from_be_bytes(user.0)).expect("a small number");
        let rooms = self.rooms.iter().enumerate();
        rooms
            .filter(|(room, _)| (self.is_member)(*room, person))
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

    /// Registers answers to every request of the gateway.
    fn register(self: Arc<Self>, builder: &mut Builder) {
        let stubs = StubBuilder { builder };
        stubs
            .failing::<s::Disconnected>()
            .failing::<s::Logout>()
            .failing::<s::RevokeSession>()
            .failing::<s::ListSessions>()
            .failing::<s::CancelHello>()
            .failing::<s::SetProfile>()
            .failing::<s::ReadProfiles>()
            .failing::<r::JoinRoom>()
            .failing::<r::JoinByLink>()
            .failing::<r::CreateLink>()
            .failing::<r::RevokeLink>()
            .failing::<r::Links>()
            .failing::<r::FindLink>()
            .failing::<r::SetPreferences>()
            .failing::<r::LeaveRoom>()
            .failing::<r::CreateRoom>()
            .failing::<r::UpdateRoom>()
            .failing::<r::OpenDirect>()
            .failing::<r::AnswerDirect>()
            .failing::<r::Moderate>()
            .failing::<r::ReadLog>()
            .failing::<r::Members>()
            .failing::<r::RecentHeads>()
            .failing::<m::SendMessage>()
            .failing::<m::EditMessage>()
            .failing::<m::DeleteMessage>()
            .failing::<m::React>()
            .failing::<m::MarkRead>()
            .failing::<m::ReadHistory>()
            .failing::<m::ListRooms>()
            .builder
            .reads::<Hello, _>(STUB, 1, Arc::clone(&self))
            .reads::<r::Invitations, _>(STUB, 1, Arc::clone(&self))
            .reads::<r::Memberships, _>(STUB, 1, self);
    }
}

const STUB: &str = "pieces.cast";

/// Registers stubs that fail.
struct StubBuilder<'b> {
    builder: &'b mut Builder,
}

impl StubBuilder<'_> {
    fn failing<R: Request>(self) -> Self {
        self.builder.reads::<R, _>(STUB, 1, Arc::new(FailingStub));
        self
    }
}

struct FailingStub;

impl<R: Request> Reads<R> for FailingStub {
    async fn read(&self, _: R, _: TraceId) -> Result<R::Answer, AskError> {
        Err(AskError::Failed)
    }
}
