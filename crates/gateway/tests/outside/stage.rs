//! A gateway behind a real listener, with stubs for the other crates: they know who a user is, and that
//! everybody is a member of `general`.

use bus::{AskError, Builder, Reads, Request, Running, Tasks, TraceId};
use gateway::commands::Ops;
use gateway::{
    ForeignOp, Gateway, Health, HttpMount, Limits, Listeners, OperatorView, Serving, Settings,
};
use messaging::api as m;
use rooms::api::{self as r, History, Kind, Membership, Role, RoomId, RoomInfo, RoomKey};
use sessions::api::{self as s, Caller, Proof, SessionId, Token, User, UserId, Welcome};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Time limit of everything that a test waits for.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) operator: SocketAddr,
    pub(crate) gateway: Gateway,
    pub(crate) health: Health,
    serving: Option<Serving>,
    tasks: Tasks,
    _running: Running,
}

/// What a stage is made of.
#[derive(Default)]
pub(crate) struct Outside {
    pub(crate) ops: Vec<ForeignOp>,
    pub(crate) mounts: Vec<HttpMount>,
    pub(crate) settings: Settings,
}

impl Stage {
    pub(crate) async fn new(outside: Outside) -> Self {
        let Outside {
            ops: foreign,
            mounts,
            settings,
        } = outside;
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(bus::Settings::default(), &tasks);
        let mut ops = Ops::builtin();
        for op in foreign {
            ops.add_foreign(op).unwrap();
        }
        let gateway = Gateway::with_ops(&mut builder, &tasks, settings.limits.clone(), ops);
        Listeners::wire(&mut builder);
        stub_all(&mut builder);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut listeners = Listeners::bind(loopback, loopback).unwrap();
        for mount in mounts {
            listeners.mount(mount).unwrap();
        }
        let address = listeners.address().unwrap();
        let operator = listeners.operator_address().unwrap();
        let running = builder.start().await.unwrap();
        gateway.start();
        let health = Health::new(Vec::new());
        let view = OperatorView {
            metrics: gateway.metrics(),
            actions: Vec::new(),
        };
        let serving = listeners.start(&gateway, &health, view, &settings);
        Self {
            address,
            operator,
            gateway,
            health,
            serving: Some(serving),
            tasks,
            _running: running,
        }
    }

    /// Begins the stop: nobody can connect any more, and requests get a bounded time.
    pub(crate) async fn close_listener(&mut self) {
        self.health.drain();
        self.serving.take().unwrap().close().await;
    }

    /// Waits until nothing is open any more.
    pub(crate) async fn ends(self) {
        let empty = async {
            while self.gateway.connections() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LIMIT, empty)
            .await
            .expect("connections end");
        let left = self.tasks.stop(LIMIT).await;
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Settings with these limits, and with rates that no test reaches.
pub(crate) fn settings(limits: Limits) -> Settings {
    Settings {
        limits: Limits {
            connections_per_address: limits.connections_per_address,
            ..limits.off()
        },
        ..Settings::default()
    }
}

pub(crate) fn user(name: &str) -> User {
    let mut id = [0; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    User {
        id: UserId(id),
        name: name.into(),
        guest: false,
    }
}

fn caller(name: &str) -> Caller {
    let user = user(name);
    Caller {
        session: SessionId(user.id.0),
        user,
        admin: false,
    }
}

struct Stub;

impl Reads<s::Hello> for Stub {
    async fn read(
        &self,
        hello: s::Hello,
        _: TraceId,
    ) -> Result<<s::Hello as Request>::Answer, AskError> {
        let (Proof::Guest(name) | Proof::Token(Token(name))) = hello.proof else {
            return Ok(Err(s::Refusal::BadCredentials));
        };
        Ok(Ok(Welcome {
            caller: caller(&name),
            token: Token(name),
            resumed: false,
            expires_at: None,
            epoch: "epoch".to_owned(),
            durability: "power",
        }))
    }
}

impl Reads<s::Authenticate> for Stub {
    async fn read(
        &self,
        s::Authenticate { token }: s::Authenticate,
        _: TraceId,
    ) -> Result<<s::Authenticate as Request>::Answer, AskError> {
        Ok(if token.0 == "none" {
            Err(s::Refusal::TokenInvalid)
        } else {
            Ok(caller(&token.0))
        })
    }
}

impl Reads<s::Disconnected> for Stub {
    async fn read(&self, _: s::Disconnected, _: TraceId) -> Result<(), AskError> {
        Ok(())
    }
}

impl Reads<s::ReadProfiles> for Stub {
    async fn read(
        &self,
        _: s::ReadProfiles,
        _: TraceId,
    ) -> Result<<s::ReadProfiles as Request>::Answer, AskError> {
        Ok(Ok(Vec::new()))
    }
}

impl Reads<r::Memberships> for Stub {
    async fn read(
        &self,
        whose: r::Memberships,
        _: TraceId,
    ) -> Result<<r::Memberships as Request>::Answer, AskError> {
        let member = |user: &UserId| Membership {
            user: *user,
            room: Arc::new(RoomInfo {
                id: RoomId(1),
                key: RoomKey("general".into()),
                title: "general".to_owned(),
                topic: String::new(),
                kind: Kind::Public,
                history: History::All,
                pair: None,
            }),
            role: Role::Member,
            head: 0,
            visible_from: 1,
            answered: true,
            muted_until: None,
        };
        Ok(Ok(whose.users.iter().map(member).collect()))
    }
}

impl Reads<r::Invitations> for Stub {
    async fn read(
        &self,
        _: r::Invitations,
        _: TraceId,
    ) -> Result<<r::Invitations as Request>::Answer, AskError> {
        Ok(Ok(Vec::new()))
    }
}

fn stub_all(builder: &mut Builder) {
    let stub = || Arc::new(Stub);
    builder
        .reads::<s::Hello, _>("stub", 8, stub())
        .reads::<s::Authenticate, _>("stub", 8, stub())
        .reads::<s::ReadProfiles, _>("stub", 8, stub())
        .reads::<s::Disconnected, _>("stub", 8, stub())
        .reads::<r::Memberships, _>("stub", 8, stub())
        .reads::<r::Invitations, _>("stub", 8, stub());
    fails::<s::Logout>(builder);
    fails::<s::RevokeSession>(builder);
    fails::<s::ListSessions>(builder);
    fails::<s::CancelHello>(builder);
    fails::<s::Register>(builder);
    fails::<s::Login>(builder);
    fails::<s::ChangePassword>(builder);
    fails::<s::DeleteAccount>(builder);
    fails::<s::UpgradeGuest>(builder);
    fails::<s::SetProfile>(builder);
    fails::<s::SetPicture>(builder);
    fails::<s::ReadPicture>(builder);
    fails::<r::JoinRoom>(builder);
    fails::<r::JoinByLink>(builder);
    fails::<r::CreateLink>(builder);
    fails::<r::RevokeLink>(builder);
    fails::<r::Links>(builder);
    fails::<r::FindLink>(builder);
    fails::<r::SetPreferences>(builder);
    fails::<r::LeaveRoom>(builder);
    fails::<r::CreateRoom>(builder);
    fails::<r::UpdateRoom>(builder);
    fails::<r::OpenDirect>(builder);
    fails::<r::AnswerDirect>(builder);
    fails::<r::Moderate>(builder);
    fails::<r::ReadLog>(builder);
    fails::<r::Members>(builder);
    fails::<r::RecentHeads>(builder);
    fails::<m::SendMessage>(builder);
    fails::<m::EditMessage>(builder);
    fails::<m::DeleteMessage>(builder);
    fails::<m::React>(builder);
    fails::<m::MarkRead>(builder);
    fails::<m::ReadHistory>(builder);
    fails::<m::ListRooms>(builder);
}

/// Answers every request of this type with a failure: no test of this suite comes to it.
fn fails<R: Request>(builder: &mut Builder) {
    builder.reads::<R, _>("stub", 1, Arc::new(Fails));
}

struct Fails;

impl<R: Request> Reads<R> for Fails {
    async fn read(&self, _: R, _: TraceId) -> Result<R::Answer, AskError> {
        Err(AskError::Failed)
    }
}
