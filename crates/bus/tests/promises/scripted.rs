//! A scripted subscriber, and one that records the effects.

use crate::world::{Notes, Pong};
use bus::{
    Answers, Context, Event, Handles, LoadError, Missed, Reply, Request, Subscriber, Wiring,
};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What [`Scripted`] does with an event or a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Answer, if asked, and count.
    Count,
    /// Emit a pong and return `Ok`.
    Emit(u64),
    /// Emit a pong, then fail in one of three ways.
    Fail,
    Panic,
    Hang,
    /// Wait until the test opens the gate.
    Block,
    /// Keep the reply for the test, as a storage lane would.
    Keep,
    /// Hand the reply over and panic.
    KeepAndPanic,
    /// Drop the reply and return `Ok`.
    Forget,
}

/// An event that makes [`Scripted`] act.
pub(crate) struct ActEvent(pub(crate) Act);

impl Event for ActEvent {
    const NAME: &'static str = "test.act";
}

/// The same as a request. The answer is how often the current state has counted.
pub(crate) struct ActRequest(pub(crate) Act);

impl Request for ActRequest {
    const NAME: &'static str = "test.act_request";
    type Answer = u64;
}

/// The deps of [`Scripted`], through which the test controls and observes it.
#[derive(Clone)]
pub(crate) struct Controls(Arc<Inner>);

struct Inner {
    notes: Notes,
    gate: Semaphore,
    loads: AtomicU64,
    /// How the next loads fail.
    faults: Mutex<VecDeque<LoadError>>,
    missed_fails: AtomicBool,
    kept: (
        UnboundedSender<Reply<u64>>,
        tokio::sync::Mutex<UnboundedReceiver<Reply<u64>>>,
    ),
}

impl Controls {
    pub(crate) fn new() -> Self {
        let (keep, kept) = unbounded_channel();
        Self(Arc::new(Inner {
            notes: Notes::default(),
            gate: Semaphore::new(0),
            loads: AtomicU64::new(0),
            faults: Mutex::default(),
            missed_fails: AtomicBool::new(false),
            kept: (keep, tokio::sync::Mutex::new(kept)),
        }))
    }
    pub(crate) fn notes(&self) -> Vec<String> {
        self.0.notes.all()
    }
    pub(crate) fn note(&self, note: impl Into<String>) {
        self.0.notes.add(note);
    }
    /// Waits until the test opens the gate.
    pub(crate) async fn pass_gate(&self) {
        self.0.gate.acquire().await.expect("never closed").forget();
    }
    pub(crate) fn loads(&self) -> u64 {
        self.0.loads.load(SeqCst)
    }
    pub(crate) fn open_gate(&self, count: usize) {
        self.0.gate.add_permits(count);
    }
    pub(crate) fn fail_next_loads(&self, faults: impl IntoIterator<Item = LoadError>) {
        self.0
            .faults
            .lock()
            .expect("no test panics here")
            .extend(faults);
    }
    pub(crate) fn fail_next_missed(&self) {
        self.0.missed_fails.store(true, SeqCst);
    }
    /// Returns the next reply that was handed over.
    pub(crate) async fn kept(&self) -> Reply<u64> {
        self.0
            .kept
            .1
            .lock()
            .await
            .recv()
            .await
            .expect("the controls hold the sender")
    }
    /// Waits until there are `count` notes.
    pub(crate) async fn wait_for_notes(&self, count: usize) -> Vec<String> {
        self.0.notes.wait_for(count).await
    }
}

pub(crate) fn away() -> LoadError {
    LoadError::Away(anyhow::anyhow!("no database"))
}

pub(crate) fn broken() -> LoadError {
    LoadError::Broken(anyhow::anyhow!("no sense"))
}

/// Acts as its events and requests tell it.
pub(crate) struct Scripted {
    controls: Controls,
    counted: u64,
}

impl Subscriber for Scripted {
    const NAME: &'static str = "scripted";
    const TURN_MAX: usize = 4;
    type Deps = Controls;

    async fn load(controls: &Controls) -> Result<Self, LoadError> {
        controls.0.loads.fetch_add(1, SeqCst);
        if let Some(fault) = controls
            .0
            .faults
            .lock()
            .expect("no test panics here")
            .pop_front()
        {
            return Err(fault);
        }
        Ok(Self {
            controls: controls.clone(),
            counted: 0,
        })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<ActEvent>().answers::<ActRequest>();
    }

    async fn missed(&mut self, missed: Missed, _: &mut Context) -> anyhow::Result<()> {
        self.controls.0.notes.add(format!("{missed:?}"));
        anyhow::ensure!(
            !self.controls.0.missed_fails.swap(false, SeqCst),
            "on purpose"
        );
        Ok(())
    }
}

impl Scripted {
    async fn act(&mut self, act: Act, ctx: &mut Context) -> anyhow::Result<()> {
        self.controls.0.notes.add(format!("{act:?}"));
        match act {
            Act::Count | Act::Keep | Act::KeepAndPanic | Act::Forget => self.counted += 1,
            Act::Emit(n) => ctx.emit(Pong(n)),
            Act::Block => self.controls.pass_gate().await,
            Act::Fail => {
                ctx.emit(Pong(0));
                anyhow::bail!("on purpose");
            }
            Act::Panic => {
                ctx.emit(Pong(0));
                panic!("on purpose");
            }
            Act::Hang => {
                ctx.emit(Pong(0));
                std::future::pending::<()>().await;
            }
        }
        Ok(())
    }
}

impl Handles<ActEvent> for Scripted {
    async fn handle(&mut self, event: &Arc<ActEvent>, ctx: &mut Context) -> anyhow::Result<()> {
        self.act(event.0, ctx).await
    }
}

impl Answers<ActRequest> for Scripted {
    async fn answer(
        &mut self,
        request: ActRequest,
        reply: Reply<u64>,
        ctx: &mut Context,
    ) -> anyhow::Result<()> {
        self.act(request.0, ctx).await?;
        match request.0 {
            Act::Keep => _ = self.controls.0.kept.0.send(reply),
            Act::KeepAndPanic => {
                _ = self.controls.0.kept.0.send(reply);
                panic!("on purpose");
            }
            Act::Forget => drop(reply),
            _ => reply.answer(self.counted),
        }
        Ok(())
    }
}

/// Records the pongs.
pub(crate) struct Listener(Notes);

impl Subscriber for Listener {
    const NAME: &'static str = "listener";
    type Deps = Notes;
    async fn load(notes: &Notes) -> Result<Self, LoadError> {
        Ok(Self(notes.clone()))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Pong>();
    }
}

impl Handles<Pong> for Listener {
    async fn handle(&mut self, event: &Arc<Pong>, _: &mut Context) -> anyhow::Result<()> {
        self.0.add(format!("pong {}", event.0));
        Ok(())
    }
}
