//! The server's health, from the states of its parts.

use crate::metrics::{MetricsSource, MetricsWriter};
use bus::{Probe, ProbeState};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use http::StatusCode;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The health of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Every part works.
    Ok,
    /// Works, but a part is degraded or a non-critical one is down.
    Degraded,
    /// Is stopping and takes no new work.
    Draining,
    /// A critical part is down.
    Unavailable,
}

impl Status {
    /// Returns the name that health responses use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Draining => "draining",
            Self::Unavailable => "unavailable",
        }
    }

    pub(super) const fn code(self) -> StatusCode {
        match self {
            Self::Ok | Self::Degraded => StatusCode::OK,
            Self::Draining | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// The probes of the server's parts, and whether the server is stopping. A cheap handle.
#[derive(Clone)]
pub struct Health {
    probes: Arc<[Arc<dyn Probe>]>,
    draining: Arc<AtomicBool>,
}

impl Health {
    /// Watches these parts.
    #[must_use]
    pub fn new(probes: Vec<Arc<dyn Probe>>) -> Self {
        Self {
            probes: probes.into(),
            draining: Arc::default(),
        }
    }

    /// Marks the server as stopping: it is not ready from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Returns the current health.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.draining.load(Ordering::Acquire) {
            return Status::Draining;
        }
        self.probes.iter().fold(Status::Ok, |worst, probe| {
            match (probe.state(), probe.critical(), worst) {
                (ProbeState::Down, true, _) | (_, _, Status::Unavailable) => Status::Unavailable,
                (ProbeState::Ok, _, worst) => worst,
                (ProbeState::Degraded | ProbeState::Down, ..) => Status::Degraded,
            }
        })
    }

    /// Brings one part up to date, or all of them. Ends within a short time.
    pub(super) fn refresh(&self, part: Option<&str>) -> BoxFuture<'static, ()> {
        let probes = self.probes.iter();
        let wanted = probes.filter(|probe| part.is_none_or(|part| probe.name() == part));
        let refreshed: Vec<_> = wanted.map(|probe| probe.refresh()).collect();
        join_all(refreshed).map(|_| ()).boxed()
    }

    /// Returns the report of one part as JSON; `None` if there is no such part.
    pub(super) fn part(&self, name: &str) -> Option<String> {
        let probe = self.probes.iter().find(|probe| probe.name() == name)?;
        Some(probe.json())
    }
}

impl MetricsSource for Health {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let ready = u32::from(self.status().code().is_success());
        let help = "1 while the server is ready: not stopping, and no critical part is down";
        writer.gauge("ready", help, ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Part(ProbeState, bool);

    impl Probe for Part {
        fn name(&self) -> &'static str {
            "part"
        }
        fn critical(&self) -> bool {
            self.1
        }
        fn state(&self) -> ProbeState {
            self.0
        }
        fn json(&self) -> String {
            "{}".to_owned()
        }
    }

    fn health(parts: impl IntoIterator<Item = (ProbeState, bool)>) -> Health {
        let parts = parts.into_iter();
        Health::new(
            parts
                .map(|(state, critical)| Arc::new(Part(state, critical)) as _)
                .collect(),
        )
    }

    #[test]
    fn only_a_critical_part_makes_the_server_unavailable() {
        use ProbeState::{Degraded, Down, Ok};
        assert_eq!(health([(Ok, true), (Ok, false)]).status(), Status::Ok);
        assert_eq!(
            health([(Ok, true), (Down, false)]).status(),
            Status::Degraded
        );
        assert_eq!(
            health([(Degraded, true), (Ok, false)]).status(),
            Status::Degraded
        );
        assert_eq!(
            health([(Down, true), (Degraded, false)]).status(),
            Status::Unavailable
        );
    }

    #[test]
    fn a_stopping_server_is_not_ready_however_it_is() {
        let health = health([(ProbeState::Ok, true)]);
        health.drain();
        assert_eq!(health.status(), Status::Draining);
        assert_eq!(health.status().code(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
