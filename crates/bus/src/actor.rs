//! A subscriber's loop: takes what waits, handles one after another, ends the turn.

use crate::context::Cause;
use crate::guard::{Ended, guarded};
use crate::hands::{Crashed, Hands};
use crate::hub::Hub;
use crate::log::Item;
use crate::origin::Origin;
use crate::rebuild::Rebuild;
use crate::{Missed, Subscriber, Wiring};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) struct Actor<S: Subscriber> {
    hub: Arc<Hub>,
    index: usize,
    wiring: Arc<Wiring<S>>,
    rebuild: Rebuild<S>,
    hands: Hands,
}

impl<S: Subscriber> Actor<S> {
    pub(crate) fn new(
        hub: Arc<Hub>,
        index: usize,
        wiring: Arc<Wiring<S>>,
        rebuild: Rebuild<S>,
    ) -> Self {
        let hands = Hands::new(Arc::clone(&hub), index);
        Self {
            hub,
            index,
            wiring,
            rebuild,
            hands,
        }
    }

    /// Runs until the bus closes; begins with `loaded`, or else by loading.
    pub(crate) async fn run(mut self, loaded: Option<S>) {
        let mut state = match loaded {
            Some(state) => state,
            None => self.rebuilt().await,
        };
        while let Some(missed) = self.hands.take_turn(S::TURN_MAX).await {
            if missed > 0
                && self
                    .tell_missed(&mut state, Missed::Events(missed))
                    .await
                    .is_err()
            {
                state = self.replaced(state).await;
            }
            while let Some(ended) = self.handle_some(&mut state).await {
                if self.hands.conclude(S::NAME, ended).await.is_err() {
                    state = self.replaced(state).await;
                }
            }
            if self.end_turn(&mut state).await.is_err() {
                state = self.replaced(state).await;
            }
            // Handlers that never wait would otherwise keep the thread from everyone else.
            tokio::task::coop::consume_budget().await;
        }
    }

    /// Handles the next request, or the next events for one handler until one needs more than
    /// handling. `None` when the turn holds nothing more.
    async fn handle_some(&mut self, state: &mut S) -> Option<Ended> {
        let (hub, hands) = (&self.hub, &mut self.hands);
        let work = match *hands.front()? {
            Item::Event { handler, .. } => {
                self.wiring.event_handler(handler)(state, handler, hands)
            }
            Item::Request { handler, .. } => self.wiring.request_handler(handler)(state, hands),
        };
        Some(guarded(hub.handler_limit(), hub.counters(self.index), work).await)
    }

    /// Ends the turn on behalf of all that was handled in it; then its credits go home.
    async fn end_turn(&mut self, state: &mut S) -> Result<(), Crashed> {
        if !self.hands.ctx.begin_ending() {
            return Ok(());
        }
        let (limit, counters) = (self.hub.handler_limit(), self.hub.counters(self.index));
        let ended = guarded(limit, counters, state.turn_ended(&mut self.hands.ctx)).await;
        self.hands.looks_at_the_clock();
        let concluded = self.hands.conclude(S::NAME, ended).await;
        self.hands.let_go();
        concluded
    }

    /// An isolated subscriber that cannot make up for what it missed has to begin anew.
    async fn tell_missed(&mut self, state: &mut S, missed: Missed) -> Result<(), Crashed> {
        let origin = Origin::creditless();
        self.hands.ctx.begin(Cause::Other {
            name: "missed",
            origin,
        });
        let (limit, counters) = (self.hub.handler_limit(), self.hub.counters(self.index));
        let ended = guarded(limit, counters, state.missed(missed, &mut self.hands.ctx)).await;
        let well = matches!(ended, Ended::Well);
        self.hands.looks_at_the_clock();
        let concluded = self.hands.conclude(S::NAME, ended).await;
        self.hands.let_go();
        if well { concluded } else { Err(Crashed) }
    }

    /// Throws the state away and makes it again.
    async fn replaced(&mut self, state: S) -> S {
        // What was broken may break once more as it is dropped; that changes nothing.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(state)));
        self.rebuilt().await
    }

    /// Loads until it succeeds. The turn so far goes with the state that knew of it.
    async fn rebuilt(&mut self) -> S {
        loop {
            self.hands.let_go();
            let mut state = self.rebuild.run(&self.hub, &mut self.hands).await;
            let essential = self.hub.inbox(self.index).essential;
            if essential
                || self
                    .tell_missed(&mut state, Missed::Everything)
                    .await
                    .is_ok()
            {
                self.rebuild.settled();
                self.hands.let_go();
                return state;
            }
            self.rebuild.rest(&mut self.hands).await;
        }
    }
}
