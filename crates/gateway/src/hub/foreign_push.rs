//! Delivers pushes from outside the gateway in steps, and leaves them out for clients that are behind.

use super::requests::DeliverForeignPushes;
use super::{Hub, OWNER};
use crate::connection::FrameClass;
use crate::foreign_pushes::{ForeignPushTarget, QueuedPush};
use crate::shared::Shared;
use bus::{Answers, Context, Reply};
use std::sync::Arc;
use std::time::Duration;

/// Most pushes per step.
const PER_STEP: usize = 32;
/// Pause between two steps, so that chat goes in between.
const BETWEEN: Duration = Duration::from_millis(2);

/// Starts the task that hands queued pushes to the hub.
pub(super) fn start(shared: &Arc<Shared>) {
    let delivering = Arc::clone(shared);
    shared
        .tasks
        .restarting(OWNER, "gateway.foreign_pushes", move || {
            deliver_all(Arc::clone(&delivering))
        });
}

async fn deliver_all(shared: Arc<Shared>) -> anyhow::Result<()> {
    let queued = shared.foreign_pushes.queued();
    let mut queued = queued.lock().await;
    let mut pushes = Vec::with_capacity(PER_STEP);
    while queued.recv_many(&mut pushes, PER_STEP).await > 0 {
        let deliver = DeliverForeignPushes {
            pushes: std::mem::take(&mut pushes),
        };
        // What the hub does not take in time is lost, as any push may be.
        if let Err(error) = shared.bus.ask(deliver, shared.limits.ask_within).await {
            tracing::debug!(?error, "pushes of extensions were not delivered");
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

impl Answers<DeliverForeignPushes> for Hub {
    fn answer(&mut self, request: DeliverForeignPushes, reply: Reply<()>, _: &mut Context) {
        if reply.begin() {
            request
                .pushes
                .iter()
                .for_each(|push| self.push_foreign(push));
            reply.answer(());
        }
    }
}

impl Hub {
    fn push_foreign(&mut self, push: &QueuedPush) {
        match &push.to {
            ForeignPushTarget::User(user) => {
                for id in self.connections_of(*user) {
                    let attached = &self.connections[&id];
                    // Before the reply to `hello` it is left out.
                    if attached.held_frames.is_none() {
                        self.outbox.send(
                            &attached.conn,
                            push.frame.clone(),
                            FrameClass::BestEffort,
                        );
                    }
                }
            }
            ForeignPushTarget::Room(room) => {
                let subs = self.rooms.get(room).map(|room| &room.subs);
                for sub in subs.into_iter().flat_map(|subs| subs.values()) {
                    if sub.is_live() {
                        self.outbox
                            .send(&sub.conn, push.frame.clone(), FrameClass::BestEffort);
                    }
                }
            }
        }
    }
}
