//! Metrics of the open sockets, refused requests and people online.

use super::{MetricsSource, MetricsWriter};
use crate::connection::OpenSockets;
use crate::rejections::Rejections;
use parking_lot::RwLock;
use sessions::api::OnlineUsers;
use std::fmt;
use std::sync::Arc;

/// Reads its values at each scrape.
pub(crate) struct ConnectionMetrics {
    pub(crate) sockets: Arc<OpenSockets>,
    pub(crate) rejections: Arc<Rejections>,
    pub(crate) online: Arc<RwLock<OnlineUsers>>,
}

impl MetricsSource for ConnectionMetrics {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let sockets = self.sockets.all();
        let waiting = sockets.iter().map(|conn| conn.egress().bytes());
        let (sum, largest) = waiting.fold((0, 0), |(sum, largest), bytes| {
            (sum + bytes, usize::max(largest, bytes))
        });
        writer.gauge("sockets", "Open sockets", sockets.len())?;
        writer.gauge("socket_queue_bytes", "Bytes queued for all sockets", sum)?;
        writer.gauge(
            "socket_queue_largest_bytes",
            "Bytes in the longest queue of a socket",
            largest,
        )?;
        writer.gauge(
            "commands_unanswered",
            "Commands read from sockets, and requests of the API, that are not yet answered",
            self.sockets.unanswered(),
        )?;
        writer.counters(
            "requests_refused",
            "HTTP requests refused before authentication, by reason",
            self.rejections
                .refused()
                .map(|(why, count)| ([("why", why)], count)),
        )?;
        writer.gauge(
            "people_online",
            "Users who count as online, including those in the grace period after a disconnect",
            self.online.read().count(),
        )
    }
}
