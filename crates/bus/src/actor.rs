//! A subscriber's loop: takes a turn of waiting items, handles them one by one, ends the turn.

use crate::activity::Handling;
use crate::context::Cause;
use crate::entrance::Entrance;
use crate::give_way;
use crate::guard::{self, Outcome, guarded};
use crate::origin::Origin;
use crate::rebuild::Rebuild;
use crate::routing::Inbox;
use crate::shared::Shared;
use crate::turn::{Crashed, Turn};
use crate::wiring::Handler;
use crate::{Missed, Subscriber, Wiring};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long a subscriber on another runtime rests after a turn.
///
/// Whoever publishes wakes a subscriber that waits, which takes locks of its runtime; its thread may be of
/// the lowest priority, and the kernel may stop it while it has one of them, or that of the event log.
/// While it rests nobody wakes it, and its next turn has all that came meanwhile. So both happen at most
/// 200 times a second, however much is published (`benches/flood.rs` measures it).
const REST: Duration = Duration::from_millis(5);

/// The task of a subscriber.
pub(crate) struct Actor<S: Subscriber> {
    shared: Arc<Shared>,
    inbox: Arc<Inbox>,
    wiring: Arc<Wiring<S>>,
    rebuild: Rebuild<S>,
    turn: Turn,
    /// Whether it rests after each turn.
    rests: bool,
}

impl<S: Subscriber> Actor<S> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        entrance: Entrance,
        index: usize,
        wiring: Arc<Wiring<S>>,
        rebuild: Rebuild<S>,
        rests: bool,
    ) -> Self {
        let inbox = Arc::clone(shared.inbox(index));
        let turn = Turn::new(Arc::clone(&shared), entrance, index);
        Self {
            shared,
            inbox,
            wiring,
            rebuild,
            turn,
            rests,
        }
    }

    /// Runs until the bus closes. Starts with the state `loaded`, or loads it first if `None`.
    pub(crate) async fn run(mut self, loaded: Option<S>) {
        let mut state = loaded;
        if state.is_none() {
            state = self.rebuild_state().await;
        }
        while let Some(with) = state {
            state = self.take_turn(with).await;
            if self.rests {
                self.rest().await;
            }
            // Handlers that never wait would otherwise starve other tasks on the thread.
            tokio::task::coop::consume_budget().await;
        }
    }

    async fn rest(&mut self) {
        tokio::select! {
            () = sleep(REST) => (),
            () = self.shared.closing() => (),
        }
    }

    /// Waits for a turn, handles it and ends it. Returns `None` when the bus has closed.
    async fn take_turn(&mut self, mut state: S) -> Option<S> {
        let missed = self.turn.take(S::TURN_MAX).await?;
        if missed > 0 {
            let missed = Missed::Events(missed);
            if self.report_missed(&mut state, missed).await.is_err() {
                state = self.discard_and_rebuild(state).await?;
            }
        }
        while let Some(outcome) = self.handle_some(&mut state).await {
            if self.turn.conclude(S::NAME, outcome).await.is_err() {
                state = self.discard_and_rebuild(state).await?;
            }
        }
        if self.end_turn(&mut state).await.is_err() {
            state = self.discard_and_rebuild(state).await?;
        }
        Some(state)
    }

    /// Handles the next request, or the next events for one handler, up to the first that fails or
    /// has to wait for a credit. Returns `None` when the turn is empty.
    async fn handle_some(&mut self, state: &mut S) -> Option<Outcome> {
        let (shared, turn) = (&self.shared, &mut self.turn);
        let item = turn.front()?;
        let (index, handling, handler) = (
            item.handler(),
            item.handling(),
            self.wiring.handler_of(item),
        );
        let (limit, counters) = (shared.handler_limit(), &self.inbox.counters);
        let _handling = self.inbox.activity.begin(handling);
        Some(match handler {
            Handler::Plain(call) => guard::run(|| call(state, index, turn)),
            Handler::Async(call) => guarded(limit, counters, call(state, index, turn)).await,
        })
    }

    /// Calls `turn_ended` on behalf of everything handled in this turn, then returns its credits.
    async fn end_turn(&mut self, state: &mut S) -> Result<(), Crashed> {
        if !self.turn.ctx.has_causes() {
            return Ok(());
        }
        if S::ENDS_LAST {
            give_way().await;
        }
        self.turn.ctx.begin_ending();
        let handling = self.inbox.activity.begin(Handling::TurnEnd);
        let outcome = guard::run(|| state.turn_ended(&mut self.turn.ctx));
        drop(handling);
        self.turn.sample_clock();
        let concluded = self.turn.conclude(S::NAME, outcome).await;
        self.turn.release();
        concluded
    }

    /// Reports missed events to an isolated subscriber. If its handler fails, the state is stale
    /// and must be rebuilt.
    async fn report_missed(&mut self, state: &mut S, missed: Missed) -> Result<(), Crashed> {
        let origin = Origin::creditless();
        self.turn.ctx.begin(Cause::other("missed", origin));
        let (limit, counters) = (self.shared.handler_limit(), &self.inbox.counters);
        counters.begin_other();
        let handling = self.inbox.activity.begin(Handling::Missed);
        let outcome = guarded(limit, counters, state.missed(missed, &mut self.turn.ctx)).await;
        drop(handling);
        let completed = matches!(outcome, Outcome::Completed);
        self.turn.sample_clock();
        let concluded = self.turn.conclude(S::NAME, outcome).await;
        self.turn.release();
        if completed { concluded } else { Err(Crashed) }
    }

    /// Drops the state and loads a new one.
    async fn discard_and_rebuild(&mut self, state: S) -> Option<S> {
        // Dropping a broken state may panic again; ignore it.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(state)));
        self.rebuild_state().await
    }

    /// Loads until it succeeds. The causes of the current turn are dropped with the old state.
    /// Returns `None` when the bus closes and the subscriber is isolated.
    async fn rebuild_state(&mut self) -> Option<S> {
        self.turn.release();
        loop {
            let mut state = self.rebuild.run(&self.shared, &mut self.turn).await?;
            if self.inbox.essential
                || self
                    .report_missed(&mut state, Missed::Everything)
                    .await
                    .is_ok()
            {
                self.rebuild.reset();
                self.turn.release();
                return Some(state);
            }
            self.rebuild.pause(&self.shared, &mut self.turn).await?;
        }
    }
}
