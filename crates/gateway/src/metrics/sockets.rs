//! Metrics of connections: rejections, resumes and ends.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::borrow::Cow;

type By = [(&'static str, Cow<'static, str>); 1];

/// How a successful first `hello` resumed; ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResumeOutcome {
    /// The client sent no cursors.
    Fresh,
    /// Everything missed is replayed.
    Complete,
    /// Too much was missed in a room: the client reads it page by page.
    Gap,
    /// A cursor was from another epoch, or beyond the head.
    Reset,
}

/// Which side ended a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// The server closed it with this code.
    Server(u16),
    /// The client closed it.
    Client,
    /// The connection was lost.
    Lost,
}

/// Why a connection was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RejectReason {
    /// The server is stopping.
    Draining,
    /// The server has its maximum of connections.
    Full,
    /// The network has its maximum of connections.
    NetworkFull,
}

/// Counts connections by outcome. These events are rare compared with messages, so no handles are kept.
#[derive(Debug, Default)]
pub(crate) struct SocketMetrics {
    resumes: Family<By, Counter>,
    closed: Family<By, Counter>,
    rejected: Family<By, Counter>,
}

impl SocketMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "resumes",
            "Successful first hellos by the worst outcome of their rooms: fresh, complete, gap, reset",
            self.resumes.clone(),
        );
        registry.register(
            "sockets_closed",
            "Closed sockets by the server's close code (4008: slow consumer), or client or lost",
            self.closed.clone(),
        );
        registry.register(
            "connections_turned_away",
            "Rejected connections by reason: full, network_full, draining",
            self.rejected.clone(),
        );
        // Creates the series now: one that begins with its first event shows no rate for it.
        for outcome in [
            ResumeOutcome::Fresh,
            ResumeOutcome::Complete,
            ResumeOutcome::Gap,
            ResumeOutcome::Reset,
        ] {
            drop(self.resumes.get_or_create(&outcome.label()));
        }
        for ending in [ClosedBy::Server(4008), ClosedBy::Client, ClosedBy::Lost] {
            drop(self.closed.get_or_create(&ending.label()));
        }
        for why in [
            RejectReason::Draining,
            RejectReason::Full,
            RejectReason::NetworkFull,
        ] {
            drop(self.rejected.get_or_create(&why.label()));
        }
    }

    pub(crate) fn resumed(&self, outcome: ResumeOutcome) {
        self.resumes.get_or_create(&outcome.label()).inc();
    }

    pub(crate) fn ended(&self, ending: ClosedBy) {
        self.closed.get_or_create(&ending.label()).inc();
    }

    pub(crate) fn rejected(&self, why: RejectReason) {
        self.rejected.get_or_create(&why.label()).inc();
    }
}

impl ResumeOutcome {
    fn label(self) -> By {
        let outcome = match self {
            Self::Fresh => "fresh",
            Self::Complete => "complete",
            Self::Gap => "gap",
            Self::Reset => "reset",
        };
        [("outcome", outcome.into())]
    }
}

impl ClosedBy {
    fn label(self) -> By {
        let code = match self {
            Self::Server(code) => code.to_string().into(),
            Self::Client => "client".into(),
            Self::Lost => "lost".into(),
        };
        [("code", code)]
    }
}

impl RejectReason {
    fn label(self) -> By {
        let why = match self {
            Self::Draining => "draining",
            Self::Full => "full",
            Self::NetworkFull => "network_full",
        };
        [("why", why.into())]
    }
}
