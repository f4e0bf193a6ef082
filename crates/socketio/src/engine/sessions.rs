//! The open sessions by their sid: how many there may be, and who may reach them.

use super::{ClientSocket, EngineError};
use crate::figures::{Counted, Figures};
use crate::settings::SocketIoSettings;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::{mpsc, oneshot};

/// Requests of one session that wait for its task; further ones wait for room.
const WAITING: usize = 4;

/// A request of a client within its session.
pub(crate) enum SessionRequest {
    /// Asks for packets.
    Poll(oneshot::Sender<Result<String, EngineError>>),
    /// Brings the packets of a POST.
    Post(String, oneshot::Sender<Result<String, EngineError>>),
    /// Offers a WebSocket in place of the polls.
    Upgrade(ClientSocket),
}

/// All open sessions. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    open: Arc<Mutex<OpenSessions>>,
    per_network: usize,
    max: usize,
    figures: Arc<Figures>,
}

#[derive(Debug, Default)]
struct OpenSessions {
    by_sid: HashMap<String, SessionEntry>,
    of: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct SessionEntry {
    network: IpAddr,
    requests: mpsc::Sender<SessionRequest>,
}

/// The place of one open session, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct SessionSlot {
    pub(super) sid: String,
    pub(super) requests: mpsc::Receiver<SessionRequest>,
    open: Arc<Mutex<OpenSessions>>,
    _counted: Counted,
}

impl Sessions {
    pub(crate) fn new(settings: &SocketIoSettings, figures: Arc<Figures>) -> Self {
        Self {
            open: Arc::default(),
            per_network: settings.sessions_per_address,
            max: settings.sessions_max,
            figures,
        }
    }

    /// Opens a session for a client of this address.
    pub(crate) fn enter(&self, address: IpAddr) -> Result<SessionSlot, EngineError> {
        let network = network(address);
        let (sender, requests) = mpsc::channel(WAITING);
        // 128 bits of a generator that nobody can predict: a sid opens its session.
        let sid = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        let mut open = self.open.lock();
        let of = open.of.get(&network).copied().unwrap_or_default();
        if open.by_sid.len() >= self.max || of >= self.per_network {
            self.figures.rejected.fetch_add(1, Relaxed);
            return Err(EngineError::Full);
        }
        open.of.insert(network, of + 1);
        let entry = SessionEntry {
            network,
            requests: sender,
        };
        open.by_sid.insert(sid.clone(), entry);
        drop(open);
        self.figures.handshakes.fetch_add(1, Relaxed);
        Ok(SessionSlot {
            sid,
            requests,
            open: Arc::clone(&self.open),
            _counted: Counted::new(&self.figures, |figures| &figures.sessions),
        })
    }

    /// Returns what reaches a session. From another network its sid is as unknown as any other: a stolen one
    /// opens nothing, and a client that has moved connects anew and recovers.
    pub(crate) fn find(
        &self,
        sid: &str,
        address: IpAddr,
    ) -> Result<mpsc::Sender<SessionRequest>, EngineError> {
        let open = self.open.lock();
        let entry = open.by_sid.get(sid);
        let entry = entry.filter(|entry| entry.network == network(address));
        let entry = entry.ok_or(EngineError::UnknownSid)?;
        Ok(entry.requests.clone())
    }
}

impl Drop for SessionSlot {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        let Some(entry) = open.by_sid.remove(&self.sid) else {
            return;
        };
        if let Some(of) = open.of.get_mut(&entry.network) {
            *of -= 1;
            if *of == 0 {
                open.of.remove(&entry.network);
            }
        }
    }
}

/// Returns what strangers share limits by: the address, or the /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(per_network: usize, max: usize) -> (Sessions, Arc<Figures>) {
        let figures = Arc::new(Figures::default());
        let settings = SocketIoSettings {
            sessions_per_address: per_network,
            sessions_max: max,
            ..SocketIoSettings::default()
        };
        (Sessions::new(&settings, Arc::clone(&figures)), figures)
    }

    #[test]
    fn a_session_counts_for_its_network_until_it_ends() {
        let (sessions, figures) = sessions(2, 3);
        let [a, b, c] =
            ["10.0.0.1", "2001:db8::1", "2001:db8::ffff:1"].map(|ip| ip.parse().unwrap());
        let held = [a, b, c].map(|address: IpAddr| sessions.enter(address).unwrap());
        assert_eq!(sessions.enter(a).unwrap_err(), EngineError::Full, "in all");
        let [first, second, third] = held;
        drop(first);
        assert_eq!(
            sessions.enter(b).unwrap_err(),
            EngineError::Full,
            "of the /64"
        );
        let again = sessions.enter(a).unwrap();
        assert!(sessions.find(&second.sid, c).is_ok(), "of the same /64");
        drop((again, second, third));
        assert_eq!(figures.sessions.load(Relaxed), 0);
        assert_eq!(figures.rejected.load(Relaxed), 2);
        let open = sessions.open.lock();
        assert!(open.by_sid.is_empty() && open.of.is_empty());
    }

    #[test]
    fn a_sid_is_unknown_elsewhere_and_afterwards() {
        let (sessions, _) = sessions(9, 9);
        let [here, there] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().unwrap());
        let slot = sessions.enter(here).unwrap();
        let sid = slot.sid.clone();
        assert!(sessions.find(&sid, here).is_ok());
        for (sid, from) in [(&*sid, there), ("", here), ("guess", here)] {
            assert_eq!(
                sessions.find(sid, from).unwrap_err(),
                EngineError::UnknownSid
            );
        }
        drop(slot);
        assert_eq!(
            sessions.find(&sid, here).unwrap_err(),
            EngineError::UnknownSid
        );
    }
}
