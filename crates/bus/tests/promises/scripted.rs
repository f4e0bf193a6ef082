//! A scripted essential subscriber, and one that records the effects.

use crate::world::{Notes, Pong};
use bus::{
    Answers, Context, Essential, Event, Handles, LoadError, Reply, Request, Subscriber, Wiring,
};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a [`Script`] does with an event or a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Answer, if asked, and count.
    Count,
    /// Emit a pong.
    Emit(u64),
    /// Emit a pong, then panic.
    Panic,
    /// Panic. The reload waits until the test opens the gate, so that nothing is handled meanwhile.
    Stall,
    /// Keep the reply for the test, as a storage lane would.
    Keep,
    /// Hand the reply over and panic.
    KeepAndPanic,
    /// Drop the reply.
    Forget,
}

/// An event that makes a [`Script`] act.
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

/// The deps of a [`Script`], through which the test controls and observes it.
#[derive(Clone)]
pub(crate) struct Controls(Arc<Inner>);

struct Inner {
    notes: Notes,
    gate: Semaphore,
    loads: AtomicU64,
    /// Whether the next load waits for the gate.
    stalled: AtomicBool,
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
            stalled: AtomicBool::new(false),
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
    /// Keeps a reply for the test.
    fn keep(&self, reply: Reply<u64>) {
        // The receiver lives as long as the sender.
        let _ = self.0.kept.0.send(reply);
    }
    /// Returns how the next load fails, if it does.
    fn next_fault(&self) -> Option<LoadError> {
        let mut faults = self.0.faults.lock().expect("no test panics here");
        faults.pop_front()
    }
    /// Returns whether the next report of missed events fails.
    pub(crate) fn take_missed_fault(&self) -> bool {
        self.0.missed_fails.swap(false, SeqCst)
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

/// Acts as its events and requests say.
pub(crate) struct Script {
    pub(crate) controls: Controls,
    counted: u64,
}

impl Script {
    pub(crate) async fn load(controls: &Controls) -> Result<Self, LoadError> {
        controls.0.loads.fetch_add(1, SeqCst);
        if controls.0.stalled.swap(false, SeqCst) {
            controls.pass_gate().await;
        }
        match controls.next_fault() {
            Some(fault) => Err(fault),
            None => Ok(Self {
                controls: controls.clone(),
                counted: 0,
            }),
        }
    }

    pub(crate) fn act(&mut self, act: Act, ctx: &mut Context) {
        self.controls.note(format!("{act:?}"));
        match act {
            Act::Count | Act::Keep | Act::KeepAndPanic | Act::Forget => self.counted += 1,
            Act::Emit(n) => ctx.emit(Pong(n)),
            Act::Panic => {
                ctx.emit(Pong(0));
                panic!("on purpose");
            }
            Act::Stall => {
                self.controls.0.stalled.store(true, SeqCst);
                panic!("on purpose");
            }
        }
    }

    pub(crate) fn answer(&mut self, act: Act, reply: Reply<u64>, ctx: &mut Context) {
        self.act(act, ctx);
        match act {
            Act::Keep => self.controls.keep(reply),
            Act::KeepAndPanic => {
                self.controls.keep(reply);
                panic!("on purpose");
            }
            Act::Forget => drop(reply),
            _ => reply.answer(self.counted),
        }
    }
}

/// An essential subscriber with a script.
pub(crate) struct Scripted(Script);

impl Subscriber for Scripted {
    const NAME: &'static str = "scripted";
    type Kind = Essential;
    const TURN_MAX: usize = 4;
    type Deps = Controls;

    async fn load(controls: &Controls) -> Result<Self, LoadError> {
        Script::load(controls).await.map(Self)
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<ActEvent>().answers::<ActRequest>();
    }
}

impl Handles<ActEvent> for Scripted {
    fn handle(&mut self, event: &Arc<ActEvent>, ctx: &mut Context) {
        self.0.act(event.0, ctx);
    }
}

impl Answers<ActRequest> for Scripted {
    fn answer(&mut self, request: ActRequest, reply: Reply<u64>, ctx: &mut Context) {
        self.0.answer(request.0, reply, ctx);
    }
}

/// Records the pongs.
pub(crate) struct Listener(Notes);

impl Subscriber for Listener {
    const NAME: &'static str = "listener";
    type Kind = Essential;
    type Deps = Notes;
    async fn load(notes: &Notes) -> Result<Self, LoadError> {
        Ok(Self(notes.clone()))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Pong>();
    }
}

impl Handles<Pong> for Listener {
    fn handle(&mut self, event: &Arc<Pong>, _: &mut Context) {
        self.0.add(format!("pong {}", event.0));
    }
}
