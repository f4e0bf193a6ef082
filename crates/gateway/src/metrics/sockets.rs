//! Connections as they come, resume and end.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use std::borrow::Cow;

type By = [(&'static str, Cow<'static, str>); 1];

/// How a connection's `hello` found its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResumeOutcome {
    /// It named no room it had been in.
    Fresh,
    /// All that was missed follows.
    Complete,
    /// Too much was missed in some room: the client pages it.
    Gap,
    /// A cursor was of another epoch, or beyond the head.
    Reset,
}

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// We closed it with this code.
    Server(u16),
    /// The client closed it.
    Client,
    /// It broke.
    Lost,
}

/// Why a connection was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RejectReason {
    /// The server stops.
    Draining,
    /// It has as many connections as it takes.
    Full,
    /// This network has.
    NetworkFull,
}

/// Connections by what became of them: each such event is rare beside a message.
#[derive(Debug, Default)]
pub(crate) struct SocketMetrics {
    resumes: Family<By, Counter>,
    closed: Family<By, Counter>,
    turned_away: Family<By, Counter>,
}

impl SocketMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "resumes",
            "Good first hellos by outcome, the worst of their rooms: fresh, complete, gap, reset",
            self.resumes.clone(),
        );
        registry.register(
            "sockets_closed",
            "Sockets that ended, by the close code we gave (4008: slow consumers), or client or lost",
            self.closed.clone(),
        );
        registry.register(
            "connections_turned_away",
            "Connections not let in: full, network_full, draining",
            self.turned_away.clone(),
        );
        // A series that begins with its first event has no rate at that event.
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
            drop(self.turned_away.get_or_create(&why.label()));
        }
    }

    pub(crate) fn resumed(&self, outcome: ResumeOutcome) {
        self.resumes.get_or_create(&outcome.label()).inc();
    }

    pub(crate) fn ended(&self, ending: ClosedBy) {
        self.closed.get_or_create(&ending.label()).inc();
    }

    pub(crate) fn turned_away(&self, why: RejectReason) {
        self.turned_away.get_or_create(&why.label()).inc();
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
