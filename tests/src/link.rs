//! A TCP proxy in front of the database or the server that can fall silent.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Forwards bytes both ways, or holds them back. Dropping it ends all its connections.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    flows: Arc<watch::Sender<State>>,
    _tasks: JoinSet<()>,
}

/// The state of the link.
#[derive(Debug, Clone, Copy)]
struct State {
    flow: Flow,
    /// How often all connections were forgotten.
    age: u32,
}

/// What the link forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    /// Holds back what the far end sends; forwards what is sent to it.
    Deaf,
    /// Forwards nothing.
    Silent,
    /// Cuts all connections, new ones too.
    Cut,
}

impl Link {
    /// Opens a link to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let flows = Arc::new(watch::Sender::new(State {
            flow: Flow::Open,
            age: 0,
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, port, Arc::clone(&flows)));
        Self {
            address,
            flows,
            _tasks: tasks,
        }
    }

    /// Returns the address to connect to instead.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Holds back what the far end sends: it acts, but its answers do not arrive.
    pub fn deafen(&self) {
        self.becomes(Flow::Deaf);
    }

    /// Holds back everything, both ways.
    pub fn silence(&self) {
        self.becomes(Flow::Silent);
    }

    /// Cuts all connections, and each new one immediately.
    pub fn cut(&self) {
        self.becomes(Flow::Cut);
    }

    /// Forwards everything again, including what was held back.
    pub fn open(&self) {
        self.becomes(Flow::Open);
    }

    /// Forgets all connections, like a network that was split for long: neither end receives
    /// anything of the other again, not even the end of the connection. New connections work.
    pub fn forget(&self) {
        self.flows.send_modify(|state| state.age += 1);
    }

    fn becomes(&self, flow: Flow) {
        self.flows.send_modify(|state| state.flow = flow);
    }
}

async fn accept(listener: TcpListener, port: u16, flows: Arc<watch::Sender<State>>) {
    let mut carriers = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while carriers.try_join_next().is_some() {}
        let State { flow, age } = *flows.borrow();
        if flow != Flow::Cut {
            carriers.spawn(carry(near, port, flows.subscribe(), age));
        }
    }
}

async fn carry(near: TcpStream, port: u16, state: watch::Receiver<State>, age: u32) {
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let there = pass(near_read, far_write, state.clone(), move |state| {
        state.age == age && state.flow != Flow::Silent
    });
    let back = pass(far_read, near_write, state.clone(), move |state| {
        state.age == age && state.flow == Flow::Open
    });
    let mut state = state;
    tokio::select! {
        () = there => {}
        () = back => {}
        _ = state.wait_for(|state| state.age == age && state.flow == Flow::Cut) => {}
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    passes: impl Fn(State) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if state.wait_for(|state| passes(*state)).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
    // The end of a connection is held back too: a client that vanishes behind a silent link is not
    // noticed.
    let _ = state.wait_for(|state| passes(*state)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn says(stream: &mut TcpStream) -> Option<u8> {
        tokio::time::timeout(Duration::from_millis(100), stream.read_u8())
            .await
            .ok()?
            .ok()
    }

    #[tokio::test]
    async fn what_a_deaf_link_held_back_comes_when_it_opens() {
        let far = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::to(far.local_addr().unwrap().port()).await;
        let mut near = TcpStream::connect(("127.0.0.1", link.port()))
            .await
            .unwrap();
        let (mut far, _) = far.accept().await.unwrap();
        near.write_u8(1).await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), 1);
        link.deafen();
        near.write_u8(2).await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), 2);
        far.write_u8(3).await.unwrap();
        assert_eq!(says(&mut near).await, None);
        link.open();
        assert_eq!(near.read_u8().await.unwrap(), 3);
        link.cut();
        assert!(near.read_u8().await.is_err());
    }
    #[tokio::test]
    async fn of_forgotten_connections_neither_end_learns_anything_and_new_ones_pass() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::to(listener.local_addr().unwrap().port()).await;
        let mut near = TcpStream::connect(("127.0.0.1", link.port()))
            .await
            .unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        near.write_u8(1).await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), 1);
        link.forget();
        near.write_u8(2).await.unwrap();
        drop(near);
        let mut anew = TcpStream::connect(("127.0.0.1", link.port()))
            .await
            .unwrap();
        let (mut other, _) = listener.accept().await.unwrap();
        anew.write_u8(3).await.unwrap();
        assert_eq!(other.read_u8().await.unwrap(), 3);
        let mut byte = [0];
        let nothing = far.try_read(&mut byte);
        assert_eq!(nothing.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
