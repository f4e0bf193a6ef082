//! Limits the open connections: all of them, and those of one network that are not sockets. Sockets are
//! counted per network in [`crate::connection::OpenSockets`].

use crate::connection::Peer;
use crate::metrics::{MetricsSource, MetricsWriter};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Counts the open connections. A cheap handle.
#[derive(Clone)]
pub(super) struct Admission(Arc<Inner>);

struct Inner {
    max: usize,
    per_network: usize,
    open: Mutex<ConnectionCounts>,
}

#[derive(Default)]
struct ConnectionCounts {
    all: usize,
    of: HashMap<Peer, usize>,
}

/// Why a connection is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdmissionError {
    /// The server has its maximum.
    ServerFull,
    /// This network has its maximum.
    NetworkFull,
}

/// The slot of one connection; freed when dropped.
#[must_use = "the slot is freed when dropped"]
pub(super) struct ConnectionSlot {
    inner: Arc<Inner>,
    network: Option<NetworkSlot>,
}

/// One slot of a network; freed when dropped.
#[must_use = "the slot is freed when dropped"]
pub(super) struct NetworkSlot {
    inner: Arc<Inner>,
    network: Peer,
}

impl Admission {
    pub(super) fn new(max: usize, per_network: usize) -> Self {
        Self(Arc::new(Inner {
            max,
            per_network,
            open: Mutex::default(),
        }))
    }

    /// Takes a slot for a connection. Without a network (a proxy's connection) only the total counts.
    pub(super) fn enter(&self, network: Option<Peer>) -> Result<ConnectionSlot, AdmissionError> {
        let mut open = self.0.open();
        if open.all >= self.0.max {
            return Err(AdmissionError::ServerFull);
        }
        if let Some(network) = network {
            open.enter(network, self.0.per_network)?;
        }
        open.all += 1;
        drop(open);
        Ok(ConnectionSlot {
            inner: Arc::clone(&self.0),
            network: network.map(|network| self.0.slot_of(network)),
        })
    }

    /// Takes a slot for one request that a proxy forwards for this network.
    pub(super) fn enter_forwarded(&self, network: Peer) -> Result<NetworkSlot, AdmissionError> {
        self.0.open().enter(network, self.0.per_network)?;
        Ok(self.0.slot_of(network))
    }
}

impl MetricsSource for Admission {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let all = self.0.open().all;
        let help = "Open connections of the public listener, including sockets";
        writer.gauge("connections", help, all)
    }
}

impl ConnectionSlot {
    /// Counts a proxy's connection for this network, since it now carries one client only.
    pub(super) fn count_for(&mut self, network: NetworkSlot) {
        self.network = Some(network);
    }

    /// Frees the network's slot, since the connection is now counted as a socket.
    pub(super) fn became_socket(&mut self) {
        self.network = None;
    }
}

impl ConnectionCounts {
    fn enter(&mut self, network: Peer, max: usize) -> Result<(), AdmissionError> {
        let of = self.of.entry(network).or_default();
        if *of >= max {
            return Err(AdmissionError::NetworkFull);
        }
        *of += 1;
        Ok(())
    }

    fn leave(&mut self, network: Peer) {
        if let Some(of) = self.of.get_mut(&network) {
            *of -= 1;
            if *of == 0 {
                self.of.remove(&network);
            }
        }
    }
}

impl Inner {
    fn open(&self) -> parking_lot::MutexGuard<'_, ConnectionCounts> {
        // No operation can panic half way, so a poisoned count is still right.
        self.open.lock()
    }

    /// Returns the guard of a slot that was just taken.
    fn slot_of(self: &Arc<Self>, network: Peer) -> NetworkSlot {
        NetworkSlot {
            inner: Arc::clone(self),
            network,
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.inner.open().all -= 1;
    }
}

impl Drop for NetworkSlot {
    fn drop(&mut self) {
        self.inner.open().leave(self.network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Peer {
        Peer::of([192, 0, 2, last].into())
    }

    fn refused(admission: &Admission, last: u8) -> Option<AdmissionError> {
        admission.enter(Some(network(last))).err()
    }

    #[test]
    fn a_socket_frees_its_slot_of_the_network() {
        let admission = Admission::new(2, 1);
        let mut slot = admission.enter(Some(network(1))).ok().unwrap();
        slot.became_socket();
        let other = admission.enter(Some(network(1))).ok().unwrap();
        assert_eq!(refused(&admission, 2), Some(AdmissionError::ServerFull));
        drop((slot, other));
        assert!(admission.0.open().of.is_empty());
    }

    #[test]
    fn a_proxys_connection_counts_for_its_client() {
        let admission = Admission::new(10, 1);
        let mut slot = admission.enter(None).ok().unwrap();
        slot.count_for(admission.enter_forwarded(network(1)).ok().unwrap());
        assert!(admission.enter_forwarded(network(1)).is_err());
        assert!(
            admission.enter_forwarded(network(2)).is_ok(),
            "others are not concerned"
        );
        slot.became_socket();
        assert!(admission.enter_forwarded(network(1)).is_ok());
        drop(slot);
        assert!(admission.0.open().of.is_empty());
    }

    #[test]
    fn one_network_cannot_take_all_slots() {
        let admission = Admission::new(10, 2);
        let places = [
            admission.enter(Some(network(1))),
            admission.enter(Some(network(1))),
        ];
        assert_eq!(refused(&admission, 1), Some(AdmissionError::NetworkFull));
        assert_eq!(refused(&admission, 2), None);
        drop(places);
        assert_eq!(refused(&admission, 1), None);
        assert!(admission.0.open().of.is_empty(), "nothing is left");
    }

    #[test]
    fn the_server_takes_so_many_and_no_more() {
        let admission = Admission::new(1, 2);
        let slot = admission.enter(None).ok();
        assert_eq!(refused(&admission, 1), Some(AdmissionError::ServerFull));
        drop(slot);
        assert_eq!(refused(&admission, 1), None);
    }
}
