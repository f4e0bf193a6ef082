//! An extension that floods whatever it can reach: facts, requests, pushes, jobs, tasks, the log.

use crate::parts::Parts;
use parlor::prelude::*;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many tasks do the same at once.
const AT_ONCE: usize = 32;

/// Tasks that only keep the scheduler busy.
const IDLERS: usize = 10_000;

/// The longest body of a push, so that it is accepted.
const BODY: usize = 15_000;

/// Returns the extension.
pub(crate) fn extension() -> Extension {
    let seen = Arc::new(Seen::default());
    let [follower, handler] = [&seen, &seen].map(Arc::clone);
    let flood = |what: &'static str| (what, Arc::clone(&seen));
    let floods = ["state", "ask", "send", "push", "write", "spawn", "log"].map(flood);
    let extension = Extension::new("floods")
        .off_by_default()
        .settings::<Parts>()
        .follows(move |_| Onlooker(follower))
        .subscribes::<Echo>(move |_| handler);
    floods
        .into_iter()
        .fold(extension, |extension, (what, seen)| {
            extension.runs(what, move |cx| Flood {
                what,
                seen,
                parts: cx.settings::<Parts>(),
            })
        })
}

/// Who and what it knows.
#[derive(Default)]
pub(crate) struct Seen {
    rooms: Mutex<Vec<RoomKey>>,
    users: Mutex<Vec<UserId>>,
}

fn noted<T: PartialEq>(list: &Mutex<Vec<T>>, new: T) {
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    if !list.contains(&new) {
        list.push(new);
    }
}

fn some<T: Clone>(list: &Mutex<Vec<T>>, nth: usize) -> Option<T> {
    let list = list.lock().unwrap_or_else(PoisonError::into_inner);
    let at = nth.checked_rem(list.len())?;
    list.get(at).cloned()
}

struct Onlooker(Arc<Seen>);

impl Follower for Onlooker {
    const FROM: StartFrom = StartFrom::Beginning;

    async fn act(&self, page: &Page, _: &Cx) -> anyhow::Result<()> {
        noted(&self.0.rooms, page.room.key.clone());
        Ok(())
    }

    async fn reset(&self, _: &mut Writer<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// A fact that nobody needs.
#[derive(Debug, Clone)]
pub(crate) struct Noise;

impl Event for Noise {
    const NAME: &'static str = "floods.noise";
}

impl Stated for Noise {}

/// Answers each of its own facts with another.
pub(crate) struct Echo(Arc<Seen>);

impl Subscriber for Echo {
    const NAME: &'static str = "floods.echo";
    type Kind = Isolated;
    type Deps = Arc<Seen>;

    async fn load(seen: &Arc<Seen>) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(seen)))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Noise>().on::<PresenceChanged>();
    }
}

impl Handles<Noise> for Echo {
    fn handle(&mut self, _: &Arc<Noise>, ctx: &mut Context) {
        ctx.emit(Noise);
    }
}

impl Handles<PresenceChanged> for Echo {
    fn handle(&mut self, changed: &Arc<PresenceChanged>, _: &mut Context) {
        for (user, _) in &changed.changes {
            noted(&self.0.users, user.id);
        }
    }
}

/// A job that states facts.
struct Write;

impl Job for Write {
    const NAME: &'static str = "floods.write";
    type Answer = ();
    type Refusal = Infallible;

    fn lane(&self) -> LaneKey {
        LaneKey(0)
    }

    async fn run(&self, tx: &mut Writer<'_>) -> Result<(), JobError<Infallible>> {
        tx.state(Noise);
        Ok(())
    }
}

/// One kind of flood.
struct Flood {
    what: &'static str,
    seen: Arc<Seen>,
    parts: Arc<Parts>,
}

impl Task for Flood {
    async fn run(&self, cx: &Cx) -> anyhow::Result<()> {
        if !self.parts.include("task") && !self.parts.include(self.what) {
            return Ok(());
        }
        let account = cx.account("flooder").await.ok();
        if self.what == "spawn" {
            return idle().await;
        }
        let floods = (0..AT_ONCE).map(|nth| self.flood(cx, account.as_ref(), nth));
        futures(floods).await;
        Ok(())
    }
}

/// Drives all of these until the task is dropped.
async fn futures(all: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        for one in &mut all {
            let _ = one.as_mut().poll(context);
        }
        std::task::Poll::<()>::Pending
    })
    .await;
}

/// Keeps many tasks of its own busy, past the ones that the server gives it.
async fn idle() -> anyhow::Result<()> {
    let mut idlers = tokio::task::JoinSet::new();
    for _ in 0..IDLERS {
        idlers.spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
    }
    while idlers.join_next().await.is_some() {}
    Ok(())
}

impl Flood {
    async fn flood(&self, cx: &Cx, account: Option<&Caller>, first: usize) {
        let body = "x".repeat(BODY);
        for nth in first.. {
            let room = some(&self.seen.rooms, nth);
            match (self.what, account, room) {
                ("state", ..) => cx.state(Noise).await,
                ("ask", Some(caller), Some(room)) => drop(cx.ask(members(caller, room)).await),
                ("send", Some(caller), Some(room)) => {
                    let _ = cx.ask(joining(caller, room.clone())).await;
                    let _ = cx.ask(sending(caller, room, nth)).await;
                }
                ("push", _, Some(room)) => {
                    let _ = cx.push(PushTarget::Room(room), "noise", &body);
                    if let Some(user) = some(&self.seen.users, nth) {
                        let _ = cx.push(PushTarget::User(user), "noise", &body);
                    }
                }
                ("write", ..) => drop(cx.database().write(Write, Duration::from_secs(1)).await),
                ("log", ..) => tracing::warn!(nth, "a line that nobody needs"),
                _ => {}
            }
            tokio::task::yield_now().await;
        }
    }
}

fn members(caller: &Caller, room: RoomKey) -> Members {
    Members {
        caller: caller.clone(),
        room,
        after: None,
        limit: 1_000,
        online_only: false,
    }
}

fn joining(caller: &Caller, room: RoomKey) -> JoinRoom {
    JoinRoom {
        caller: caller.clone(),
        room,
    }
}

fn sending(caller: &Caller, room: RoomKey, nth: usize) -> SendMessage {
    SendMessage {
        caller: caller.clone(),
        room,
        cid: format!("{nth}-{}", std::process::id()),
        body: "noise".to_owned(),
        reply_to: None,
    }
}
