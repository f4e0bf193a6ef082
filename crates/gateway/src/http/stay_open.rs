//! Which connections stay open between requests: all those of trusted proxies, and a few of everyone
//! else's.
//!
//! An open connection costs its owner nothing, and the listener takes only so many. So strangers may keep
//! a few per network, and all of them together an eighth of what the listener takes: the rest is for
//! sockets and requests. Further connections are served too; they are closed after each response.

use crate::connection::Peer;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// The connections that stay open. A cheap handle.
#[derive(Clone)]
pub(super) struct OpenConnections(Arc<SharedCounts>);

struct SharedCounts {
    max: usize,
    per_network: usize,
    open: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    of: HashMap<Peer, usize>,
}

/// Whether one connection stays open.
pub(super) enum StayOpen {
    /// It does, since it is a trusted proxy's.
    Proxy,
    /// It does while there is room for it.
    Stranger {
        open: OpenConnections,
        network: Peer,
        place: Mutex<Option<Place>>,
    },
}

/// The place of a connection that stays open; freed when dropped.
pub(super) struct Place {
    inner: Arc<SharedCounts>,
    network: Peer,
}

impl OpenConnections {
    /// Keeps open an eighth of `connections` and, of each network, a quarter of `per_network`.
    pub(super) fn of(connections: usize, per_network: usize) -> Self {
        Self(Arc::new(SharedCounts {
            max: (connections / 8).max(1),
            per_network: (per_network / 4).max(1),
            open: Mutex::default(),
        }))
    }

    /// Returns the state of a stranger's connection.
    pub(super) fn stranger(&self, network: Peer) -> StayOpen {
        StayOpen::Stranger {
            open: self.clone(),
            network,
            place: Mutex::default(),
        }
    }

    fn enter(&self, network: Peer) -> Option<Place> {
        let mut counts = self.0.open.lock();
        let of_network = counts.of.get(&network).copied().unwrap_or_default();
        if counts.all >= self.0.max || of_network >= self.0.per_network {
            return None;
        }
        counts.all += 1;
        counts.of.insert(network, of_network + 1);
        Some(Place {
            inner: Arc::clone(&self.0),
            network,
        })
    }
}

impl StayOpen {
    pub(super) fn is_proxy(&self) -> bool {
        matches!(self, Self::Proxy)
    }

    /// Returns whether the connection stays open after a response. A place once given stays.
    pub(super) fn may_stay(&self) -> bool {
        match self {
            Self::Proxy => true,
            Self::Stranger {
                open,
                network,
                place,
            } => {
                let mut place = place.lock();
                if place.is_none() {
                    *place = open.enter(*network);
                }
                place.is_some()
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.inner.open.lock();
        counts.all -= 1;
        if let Some(of_network) = counts.of.get_mut(&self.network) {
            *of_network -= 1;
            if *of_network == 0 {
                counts.of.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Peer {
        Peer::of([192, 0, 2, last].into())
    }

    fn staying(open: &OpenConnections, last: u8, count: usize) -> Vec<StayOpen> {
        let asked: Vec<_> = (0..count).map(|_| open.stranger(network(last))).collect();
        asked.into_iter().filter(StayOpen::may_stay).collect()
    }

    #[test]
    fn a_network_keeps_a_quarter_of_its_connections_open() {
        let open = OpenConnections::of(1000, 64);
        let first = staying(&open, 1, 64);
        assert_eq!(first.len(), 16);
        assert!(first.iter().all(StayOpen::may_stay), "a place stays");
        assert_eq!(staying(&open, 2, 1).len(), 1, "others are not concerned");
        drop(first);
        assert!(open.0.open.lock().of.is_empty());
        assert_eq!(staying(&open, 1, 1).len(), 1);
    }

    #[test]
    fn strangers_keep_an_eighth_of_all_connections_open() {
        let open = OpenConnections::of(100, 64);
        let mut stay = Vec::new();
        for last in 0..50 {
            stay.extend(staying(&open, last, 10));
        }
        assert_eq!(stay.len(), 12);
        assert!(StayOpen::Proxy.may_stay(), "proxies are not counted");
    }
}
