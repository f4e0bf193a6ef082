//! Who gets in: so many connections in all, and so many of one network.

use super::network::Network;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The open connections, counted. A cheap handle.
#[derive(Debug, Clone)]
pub(super) struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max: usize,
    per_network: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: HashMap<Network, usize>,
}

/// Why a connection does not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The server has as many as it takes.
    Server,
    /// This network has.
    Network,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
#[must_use = "dropped, the place is free again"]
pub(super) struct Place {
    inner: Arc<Inner>,
    network: Option<Network>,
}

impl Admission {
    pub(super) fn new(max: usize, per_network: usize) -> Self {
        Self(Arc::new(Inner { max, per_network, open: Mutex::default() }))
    }

    /// A place for a connection; without a network (a proxy's) it counts in all alone.
    pub(super) fn enter(&self, network: Option<Network>) -> Result<Place, Full> {
        let mut open = self.0.open();
        if open.all >= self.0.max {
            return Err(Full::Server);
        }
        if let Some(network) = network {
            let of = open.of.entry(network).or_default();
            if *of >= self.0.per_network {
                return Err(Full::Network);
            }
            *of += 1;
        }
        open.all += 1;
        drop(open);
        Ok(Place { inner: Arc::clone(&self.0), network })
    }
}

impl Inner {
    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        // Counting does not panic half way; a poisoned count is still right.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.inner.open();
        open.all -= 1;
        let Some(network) = self.network else {
            return;
        };
        if let Some(of) = open.of.get_mut(&network) {
            *of -= 1;
            if *of == 0 {
                open.of.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(last: u8) -> Option<Network> {
        Some(Network::of([192, 0, 2, last].into()))
    }

    #[test]
    fn one_network_does_not_take_everything() {
        let admission = Admission::new(10, 2);
        let places = [admission.enter(network(1)), admission.enter(network(1))];
        assert_eq!(admission.enter(network(1)).unwrap_err(), Full::Network);
        assert!(admission.enter(network(2)).is_ok());
        drop(places);
        assert!(admission.enter(network(1)).is_ok());
        assert!(admission.0.open().of.is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn the_server_takes_so_many_and_no_more() {
        let admission = Admission::new(1, 2);
        let place = admission.enter(None).unwrap();
        assert_eq!(admission.enter(network(1)).unwrap_err(), Full::Server);
        drop(place);
        assert!(admission.enter(network(1)).is_ok());
    }
}
