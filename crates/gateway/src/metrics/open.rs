//! The sockets that are open now.

use super::{Figures, Sheet};
use crate::socket::Registry;
use std::fmt;
use std::sync::Arc;

pub(super) struct OpenSockets(pub(super) Arc<Registry>);

impl Figures for OpenSockets {
    fn write(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let sockets = self.0.all();
        let waiting = sockets.iter().map(|conn| conn.egress().bytes());
        let (sum, largest) = waiting.fold((0, 0), |(sum, largest), bytes| {
            (sum + bytes, usize::max(largest, bytes))
        });
        sheet.gauge("sockets", "Open sockets", sockets.len())?;
        sheet.gauge(
            "socket_queue_bytes",
            "Bytes that wait in the queues of all sockets",
            sum,
        )?;
        sheet.gauge(
            "socket_queue_largest_bytes",
            "Bytes that wait in the longest of these queues",
            largest,
        )?;
        sheet.gauge(
            "commands_unanswered",
            "Commands read from sockets and not yet answered",
            self.0.unanswered(),
        )
    }
}
