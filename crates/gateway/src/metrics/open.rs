//! The sockets that are open now, and the people who are here.

use super::{MetricsSource, MetricsWriter};
use crate::shared::Shared;
use std::fmt;
use std::sync::Arc;

pub(super) struct Open(pub(super) Arc<Shared>);

impl MetricsSource for Open {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let sockets = self.0.sockets.all();
        let waiting = sockets.iter().map(|conn| conn.egress().bytes());
        let (sum, largest) = waiting.fold((0, 0), |(sum, largest), bytes| {
            (sum + bytes, usize::max(largest, bytes))
        });
        writer.gauge("sockets", "Open sockets", sockets.len())?;
        writer.gauge(
            "socket_queue_bytes",
            "Bytes that wait in the queues of all sockets",
            sum,
        )?;
        writer.gauge(
            "socket_queue_largest_bytes",
            "Bytes that wait in the longest of these queues",
            largest,
        )?;
        writer.gauge(
            "commands_unanswered",
            "Commands read from sockets and not yet answered",
            self.0.sockets.unanswered(),
        )?;
        writer.counters(
            "requests_refused",
            "HTTP requests refused before it was known who asks, by why",
            self.0
                .strangers
                .refused()
                .map(|(why, count)| ([("why", why)], count)),
        )?;
        writer.gauge(
            "people_online",
            "Users who count as online, those included who may yet come back at once",
            self.0.online.count(),
        )
    }
}
