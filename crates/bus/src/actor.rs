//! A subscriber's loop: takes what waits, handles one after another, ends the turn.

use crate::context::Cause;
use crate::give_way;
use crate::guard::{Ended, guarded};
use crate::hub::Hub;
use crate::item::Item;
use crate::origin::Origin;
use crate::rebuild::Rebuild;
use crate::routing::Inbox;
use crate::turn::{Crashed, Turn};
use crate::{Missed, Subscriber, Wiring};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) struct Actor<S: Subscriber> {
    hub: Arc<Hub>,
    inbox: Arc<Inbox>,
    wiring: Arc<Wiring<S>>,
    rebuild: Rebuild<S>,
    turn: Turn,
}

impl<S: Subscriber> Actor<S> {
    pub(crate) fn new(
        hub: Arc<Hub>,
        index: usize,
        wiring: Arc<Wiring<S>>,
        rebuild: Rebuild<S>,
    ) -> Self {
        let inbox = Arc::clone(hub.inbox(index));
        let turn = Turn::new(Arc::clone(&hub), index);
        Self {
            hub,
            inbox,
            wiring,
            rebuild,
            turn,
        }
    }

    /// Runs until the bus closes; begins with `loaded`, or else by loading.
    pub(crate) async fn run(mut self, loaded: Option<S>) {
        let mut state = loaded;
        if state.is_none() {
            state = self.rebuilt().await;
        }
        while let Some(with) = state {
            state = self.take_turn(with).await;
            // Handlers that never wait would otherwise keep the thread from everyone else.
            tokio::task::coop::consume_budget().await;
        }
    }

    /// Waits for a turn, handles it, ends it. `None` when the bus has closed.
    async fn take_turn(&mut self, mut state: S) -> Option<S> {
        let missed = self.turn.take_turn(S::TURN_MAX).await?;
        if missed > 0 {
            let missed = Missed::Events(missed);
            if self.tell_missed(&mut state, missed).await.is_err() {
                state = self.replaced(state).await?;
            }
        }
        while let Some(ended) = self.handle_some(&mut state).await {
            if self.turn.conclude(S::NAME, ended).await.is_err() {
                state = self.replaced(state).await?;
            }
        }
        if self.end_turn(&mut state).await.is_err() {
            state = self.replaced(state).await?;
        }
        Some(state)
    }

    /// Handles the next request, or the next events for one handler until one needs more than
    /// handling. `None` when the turn holds nothing more.
    async fn handle_some(&mut self, state: &mut S) -> Option<Ended> {
        let (hub, turn) = (&self.hub, &mut self.turn);
        let work = match *turn.front()? {
            Item::Event { handler, .. } => self.wiring.event_handler(handler)(state, handler, turn),
            Item::Request { handler, .. } => self.wiring.request_handler(handler)(state, turn),
        };
        Some(guarded(hub.handler_limit(), &self.inbox.counters, work).await)
    }

    /// Ends the turn on behalf of all that was handled in it; then its credits go home.
    async fn end_turn(&mut self, state: &mut S) -> Result<(), Crashed> {
        if !self.turn.ctx.has_causes() {
            return Ok(());
        }
        if S::ENDS_LAST {
            give_way().await;
        }
        self.turn.ctx.begin_ending();
        let (limit, counters) = (self.hub.handler_limit(), &self.inbox.counters);
        let ended = guarded(limit, counters, state.turn_ended(&mut self.turn.ctx)).await;
        self.turn.looks_at_the_clock();
        let concluded = self.turn.conclude(S::NAME, ended).await;
        self.turn.let_go();
        concluded
    }

    /// An isolated subscriber that cannot make up for what it missed has to begin anew.
    async fn tell_missed(&mut self, state: &mut S, missed: Missed) -> Result<(), Crashed> {
        let origin = Origin::creditless();
        self.turn.ctx.begin(Cause::other("missed", origin));
        let (limit, counters) = (self.hub.handler_limit(), &self.inbox.counters);
        let ended = guarded(limit, counters, state.missed(missed, &mut self.turn.ctx)).await;
        let well = matches!(ended, Ended::Well);
        self.turn.looks_at_the_clock();
        let concluded = self.turn.conclude(S::NAME, ended).await;
        self.turn.let_go();
        if well { concluded } else { Err(Crashed) }
    }

    /// Throws the state away and makes it again.
    async fn replaced(&mut self, state: S) -> Option<S> {
        // What was broken may break once more as it is dropped; that changes nothing.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(state)));
        self.rebuilt().await
    }

    /// Loads until it succeeds. The turn so far goes with the state that knew of it. `None` when
    /// the bus closes and nobody waits for this one.
    async fn rebuilt(&mut self) -> Option<S> {
        self.turn.let_go();
        loop {
            let mut state = self.rebuild.run(&self.hub, &mut self.turn).await?;
            if self.inbox.essential
                || self
                    .tell_missed(&mut state, Missed::Everything)
                    .await
                    .is_ok()
            {
                self.rebuild.settled();
                self.turn.let_go();
                return Some(state);
            }
            self.rebuild.rest(&self.hub, &mut self.turn).await?;
        }
    }
}
