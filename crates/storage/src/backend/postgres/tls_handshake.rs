//! A TLS connector that notes whether the server agreed to a handshake.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

type Inner = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// Makes connectors that share one note.
#[derive(Clone)]
pub(super) struct NotedTls {
    make: MakeRustlsConnect,
    begun: Arc<AtomicBool>,
}

/// A connector for one host.
pub(super) struct NotedConnect {
    connect: Inner,
    begun: Arc<AtomicBool>,
}

impl NotedTls {
    pub(super) fn new(config: rustls::ClientConfig) -> Self {
        Self {
            make: MakeRustlsConnect::new(config),
            begun: Arc::default(),
        }
    }

    /// Whether a handshake has begun: what followed was encrypted or failed.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }
}

impl MakeTlsConnect<Socket> for NotedTls {
    type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;
    type TlsConnect = NotedConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<NotedConnect, Self::Error> {
        let connect = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.make, host)?;
        // The next host of a list begins anew.
        self.begun.store(false, Ordering::Relaxed);
        Ok(NotedConnect {
            connect,
            begun: Arc::clone(&self.begun),
        })
    }
}

impl TlsConnect<Socket> for NotedConnect {
    type Stream = <Inner as TlsConnect<Socket>>::Stream;
    type Error = <Inner as TlsConnect<Socket>>::Error;
    type Future = <Inner as TlsConnect<Socket>>::Future;

    fn connect(self, socket: Socket) -> Self::Future {
        self.begun.store(true, Ordering::Relaxed);
        self.connect.connect(socket)
    }
}
