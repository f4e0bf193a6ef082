//! Notifies all clients when the store stops answering, and when it answers again.

use super::Hub;
use crate::connection::Frame;
use crate::wire::push::{self, Notice};
use bus::{Context, Handles};
use sessions::api::{ConnectionId, StoreReachable};
use std::sync::Arc;

impl Handles<StoreReachable> for Hub {
    fn handle(&mut self, reachable: &Arc<StoreReachable>, _: &mut Context) {
        let lost = !reachable.0;
        if self.store_lost != lost {
            self.store_lost = lost;
            let notice = if lost {
                Notice::StorageUnavailable
            } else {
                Notice::StorageAvailable
            };
            self.push_to_all(&Frame::json(&push::notice(notice)));
        }
    }
}

impl Hub {
    fn push_to_all(&mut self, frame: &Frame) {
        let all: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in all {
            self.push(id, frame.clone());
        }
    }
}
