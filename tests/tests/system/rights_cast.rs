//! The people who try what the table of permissions lists.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use tests::{Client, Server};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// How a command comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Socket,
    Http,
}

impl How {
    /// Returns whether this op in a room comes this way.
    pub(crate) fn carries(self, op: &str) -> bool {
        self == Self::Socket || matches!(op, "join" | "leave" | "send" | "history")
    }
}

/// A person's relation to the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Owner,
    Moderator,
    Member,
    Muted,
    MutedModerator,
    Banned,
    Stranger,
    Invited,
    Guest,
    Nobody,
    Declined,
    Alone,
}

impl Role {
    pub(crate) const ALL: [Self; 12] = [
        Self::Owner,
        Self::Moderator,
        Self::Member,
        Self::Muted,
        Self::MutedModerator,
        Self::Banned,
        Self::Stranger,
        Self::Invited,
        Self::Guest,
        Self::Nobody,
        Self::Declined,
        Self::Alone,
    ];

    pub(crate) fn can_be_in(self, kind: &str) -> bool {
        match self {
            Self::Member | Self::Stranger | Self::Guest | Self::Nobody => true,
            Self::Declined | Self::Alone => kind == "direct",
            _ => kind != "direct",
        }
    }

    /// A person who is not in the room.
    fn is_outside(self) -> bool {
        matches!(self, Self::Stranger | Self::Invited | Self::Nobody)
    }
}

/// An owner, a target, someone outside the room, and an account for the actor.
pub(crate) struct Cast {
    server: Server,
    owner: Client,
    victim: Client,
    absent: Client,
    actor: Client,
    rooms: usize,
    /// The code of a link to a room of the owner.
    code: String,
}

/// A room prepared for one attempt.
struct Scene {
    room: String,
    target: i64,
    /// A link to the room, made by its owner; of no room where there are none.
    link: String,
}

fn fresh(what: &str) -> String {
    format!("{what}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

impl Cast {
    pub(crate) async fn gather(server: &Server) -> Self {
        let mut owner = server.account(&fresh("owner")).await;
        let room = fresh("linked");
        owner.open(&room).await;
        let made = link(&mut owner, &room).await;
        let code = made["code"].as_str().expect("a code is text");
        Self {
            server: server.clone(),
            code: code.to_owned(),
            owner,
            victim: server.account(&fresh("victim")).await,
            absent: server.account(&fresh("absent")).await,
            actor: server.account(&fresh("actor")).await,
            rooms: 0,
        }
    }

    /// Nobody may be in more than 128 rooms: after that, other people take over.
    pub(crate) fn is_tired(&self) -> bool {
        self.rooms > 100
    }

    /// Returns the result of this op by this role in a new room of this kind: `ok` or an error's
    /// name.
    pub(crate) async fn play(&mut self, kind: &str, role: Role, op: &str, how: How) -> String {
        self.rooms += 1;
        let mut actor = self.actor(role, op).await;
        let scene = match kind {
            "direct" => self.direct(role, &mut actor).await,
            kind => self.room(kind, role, op, &mut actor).await,
        };
        if op == "hello" {
            return self.hello(role, &actor).await;
        }
        let d = self.asked(op, role, &scene, &actor);
        if how == How::Http {
            return self.over_http(op, role, &actor, &d).await;
        }
        match actor.call(op, d).await {
            Ok(_) => "ok".to_owned(),
            Err(refusal) => refusal.name,
        }
    }

    async fn over_http(&self, op: &str, role: Role, actor: &Client, d: &Value) -> String {
        let mut api = self.server.api();
        if role != Role::Nobody {
            api = api.bearing(&actor.token());
        }
        let room = d["room"].as_str().expect("a key is text");
        let path = |what: &str| format!("/api/v1/rooms/{room}/{what}");
        let answer = match op {
            "history" => api.get(&path("history")).await,
            "send" => api.post(&path("messages"), d).await,
            op => api.post(&path(op), &json!({})).await,
        };
        if answer.status.is_success() {
            return "ok".to_owned();
        }
        let name = answer.json()["err"]["name"].as_str().map(str::to_owned);
        name.expect("an err of the protocol")
    }

    async fn actor(&mut self, role: Role, op: &str) -> Client {
        match role {
            Role::Nobody => self.server.connect().await,
            Role::Guest => self.server.guest(&fresh("guest")).await,
            Role::Owner if !ends_session(op) => self.server.tab(&self.owner, "owner").await,
            _ if !ends_session(op) => self.server.tab(&self.actor, "actor").await,
            _ => self.server.account(&fresh("actor")).await,
        }
    }

    async fn hello(&mut self, role: Role, actor: &Client) -> String {
        let d = match role {
            Role::Nobody => json!({"guest": fresh("nobody")}),
            _ => json!({"token": actor.token(), "tab": fresh("tab")}),
        };
        match self.server.connect().await.hello(d).await {
            Ok(_) => "ok".to_owned(),
            Err(refusal) => refusal.name,
        }
    }

    async fn room(&mut self, kind: &str, role: Role, op: &str, actor: &mut Client) -> Scene {
        let create = json!({"name": fresh("room"), "kind": kind});
        let made = self.owner.ok("room.create", create).await;
        let room = made["card"]["room"]
            .as_str()
            .expect("a key is text")
            .to_owned();
        let said = self.owner.say(&room, "by the owner").await;
        bring(&mut self.owner, &mut self.victim, &room, kind).await;
        let mut target = said["seq"].as_i64().expect("a number");
        if !role.is_outside() && actor.id() != self.owner.id() {
            bring(&mut self.owner, actor, &room, kind).await;
        }
        if !role.is_outside() {
            target = actor.say(&room, "by the actor").await["seq"]
                .as_i64()
                .expect("a number");
        }
        self.dress(role, actor, &room).await;
        let link = if op == "link.revoke" {
            let made = link(&mut self.owner, &room).await;
            let id = made["link"]["link"].as_str().expect("an id is text");
            id.to_owned()
        } else {
            "A".repeat(22)
        };
        Scene { room, target, link }
    }

    /// Gives the actor the role.
    async fn dress(&mut self, role: Role, actor: &mut Client, room: &str) {
        let moderator = ("role", "role", json!("moderator"));
        let muted = ("mute", "until_ms", json!(4_000_000_000_000_u64));
        let steps = match role {
            Role::Moderator => vec![moderator],
            Role::Muted => vec![muted],
            Role::MutedModerator => vec![moderator, muted],
            Role::Banned => vec![("ban", "reason", json!("for the test"))],
            Role::Invited => vec![("invite", "reason", json!("for the test"))],
            _ => Vec::new(),
        };
        for (op, field, value) in steps {
            let mut d = json!({"room": room, "user": actor.id()});
            d[field] = value;
            self.owner.ok(op, d).await;
        }
    }

    async fn direct(&mut self, role: Role, actor: &mut Client) -> Scene {
        let (room, said) = match role {
            Role::Member | Role::Guest => {
                let room = agreed(&mut self.owner, actor).await;
                (room.clone(), actor.say(&room, "in private").await)
            }
            Role::Declined => {
                let room = agreed(&mut self.owner, actor).await;
                let said = self.owner.say(&room, "in private").await;
                actor.ok("leave", json!({"room": room})).await;
                (room, said)
            }
            Role::Alone => {
                let room = agreed(&mut self.victim, actor).await;
                let said = actor.say(&room, "in private").await;
                self.victim.ok("leave", json!({"room": room})).await;
                (room, said)
            }
            _ => {
                let room = agreed(&mut self.victim, &mut self.owner).await;
                (room.clone(), self.owner.say(&room, "in private").await)
            }
        };
        let target = said["seq"].as_i64().expect("a number");
        let link = "A".repeat(22);
        Scene { room, target, link }
    }

    fn asked(&self, op: &str, role: Role, scene: &Scene, actor: &Client) -> Value {
        let Scene { room, target, link } = scene;
        let victim = self.victim.id();
        match op {
            "join" | "leave" | "history" | "members" | "presence" | "links" => {
                json!({"room": room})
            }
            "room.prefs" => json!({"room": room, "favourite": true}),
            "link.create" => json!({"room": room, "cid": fresh("cid")}),
            "link.revoke" => json!({"room": room, "link": link}),
            "link.info" => json!({"code": self.code}),
            "profile.set" => json!({"colour": "#3366cc"}),
            "profiles" => json!({"users": [victim]}),
            "send" => json!({"room": room, "cid": fresh("cid"), "body": "spoken"}),
            "edit" => json!({"room": room, "target": target, "body": "edited"}),
            "delete" => json!({"room": room, "target": target}),
            "react" => json!({"room": room, "target": target, "emoji": "👍", "on": true}),
            "log" => json!({"room": room, "after": 0}),
            "read" => json!({"room": room, "seq": target}),
            "typing" => json!({"room": room, "on": true}),
            "room.create" => json!({"name": fresh("made"), "kind": "public"}),
            "room.update" => json!({"room": room, "topic": "a new topic"}),
            "dm" => json!({"user": self.absent.id()}),
            "invite" => json!({"room": room, "user": self.absent.id()}),
            "kick" | "ban" | "unban" => json!({"room": room, "user": victim}),
            "mute" => json!({"room": room, "user": victim, "until_ms": 4_000_000_000_000_u64}),
            "role" => json!({"room": room, "user": victim, "role": "moderator"}),
            "search" => json!({"room": room, "query": "spoken"}),
            "session.revoke" if role != Role::Nobody => {
                json!({"session": actor.greeting()["session"]})
            }
            "session.revoke" => json!({"session": "x"}),
            _ => json!({}),
        }
    }
}

/// Makes a link to a room.
async fn link(maker: &mut Client, room: &str) -> Value {
    let create = json!({"room": room, "cid": fresh("cid")});
    maker.ok("link.create", create).await
}

/// Opens a direct room from both sides, since either may have left it.
async fn agreed(one: &mut Client, other: &mut Client) -> String {
    one.ok("dm", json!({"user": other.id()})).await;
    let opened = other.ok("dm", json!({"user": one.id()})).await;
    let room = opened["card"]["room"].as_str();
    room.expect("a key is text").to_owned()
}

/// These ops end the actor's session.
fn ends_session(op: &str) -> bool {
    matches!(op, "logout" | "session.revoke")
}

/// Makes someone a member of the owner's room.
async fn bring(owner: &mut Client, who: &mut Client, room: &str, kind: &str) {
    if kind == "private" {
        owner
            .ok("invite", json!({"room": room, "user": who.id()}))
            .await;
    }
    who.ok("join", json!({"room": room, "limit": 1})).await;
}
