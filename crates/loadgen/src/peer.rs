//! The servers that are measured: Parlor, and what a user might choose instead.

use crate::protocol::Protocol;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Parlor on SQLite, synchronous=FULL.
    Parlor,
    /// The same server, by its door for Socket.IO clients.
    ParlorSocketIo,
    /// Socket.IO on Node, in memory.
    SocketIo,
    /// Socket.IO, better-sqlite3, one commit per message.
    SocketIoEach,
    /// Socket.IO, better-sqlite3, one commit per turn of the event loop.
    SocketIoTurn,
    /// `ws` on Node, in memory.
    Ws,
    /// Bun's WebSocket publish (the uWebSockets engine), in memory.
    Bun,
    /// nats-server's WebSocket listener.
    Nats,
    /// Centrifugo's memory engine with history.
    Centrifugo,
    /// tokio-tungstenite and nothing else, in memory.
    Broadcaster,
    /// The minimum that any server does: one thread, one write per socket and turn.
    Floor,
    /// The same with one SQLite commit per turn.
    FloorStored,
}

/// What a server guarantees to its clients, as shown in the table.
pub(crate) struct Guarantees {
    pub(crate) name: &'static str,
    pub(crate) durable: &'static str,
    pub(crate) order: &'static str,
    pub(crate) resume: &'static str,
}

impl Peer {
    pub(crate) const ALL: [Self; 12] = [
        Self::Parlor,
        Self::ParlorSocketIo,
        Self::SocketIo,
        Self::SocketIoEach,
        Self::SocketIoTurn,
        Self::Ws,
        Self::Bun,
        Self::Nats,
        Self::Centrifugo,
        Self::Broadcaster,
        Self::Floor,
        Self::FloorStored,
    ];

    pub(crate) const fn is_parlor(self) -> bool {
        matches!(self, Self::Parlor | Self::ParlorSocketIo)
    }

    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Parlor => Protocol::Parlor,
            Self::ParlorSocketIo => Protocol::ParlorSocketIo,
            Self::SocketIo | Self::SocketIoEach | Self::SocketIoTurn => Protocol::SocketIo,
            Self::Ws | Self::Bun | Self::Broadcaster | Self::Floor | Self::FloorStored => {
                Protocol::Json
            }
            Self::Nats => Protocol::Nats,
            Self::Centrifugo => Protocol::Centrifugo,
        }
    }

    pub(crate) const fn guarantees(self) -> Guarantees {
        let (name, durable, order, resume) = match self {
            Self::Parlor => (
                "Parlor",
                "every ack",
                "one per room, numbered",
                "from a cursor",
            ),
            Self::ParlorSocketIo => (
                "Parlor, by Socket.IO",
                "every ack",
                "one per room, numbered",
                "from an offset",
            ),
            Self::SocketIo => ("Socket.IO, memory", "no", "per process", "no"),
            Self::SocketIoEach => (
                "Socket.IO, SQLite, commit each",
                "every ack",
                "per process, numbered",
                "no",
            ),
            Self::SocketIoTurn => (
                "Socket.IO, SQLite, commit per turn",
                "every ack",
                "per process, numbered",
                "no",
            ),
            Self::Ws => ("ws (Node), memory", "no", "per process", "no"),
            Self::Bun => ("Bun publish, memory", "no", "per process", "no"),
            Self::Nats => ("NATS, memory", "no ack", "per publisher", "no"),
            Self::Centrifugo => (
                "Centrifugo, memory",
                "no",
                "one per channel, numbered",
                "from its history in memory",
            ),
            Self::Broadcaster => ("tokio-tungstenite, memory", "no", "per process", "no"),
            Self::Floor => ("the floor, memory", "no", "per process", "no"),
            Self::FloorStored => (
                "the floor, SQLite, commit per turn",
                "every ack",
                "per process, numbered",
                "no",
            ),
        };
        Guarantees {
            name,
            durable,
            order,
            resume,
        }
    }

    /// Returns program and arguments to start a peer on `port` with its data in `folder`.
    pub(crate) fn command(self, peers: &Path, port: u16, folder: &Path) -> (PathBuf, Vec<String>) {
        let script = |name: &str| peers.join(name).join("server.js").display().to_string();
        let socket_io = |store: &str| {
            let folder = folder.display().to_string();
            let arguments = [
                script("socket.io"),
                port.to_string(),
                store.to_owned(),
                folder,
            ];
            (PathBuf::from("node"), arguments.to_vec())
        };
        match self {
            Self::Parlor | Self::ParlorSocketIo => unreachable!("Parlor is started differently"),
            Self::SocketIo => socket_io("memory"),
            Self::SocketIoEach => socket_io("each"),
            Self::SocketIoTurn => socket_io("turn"),
            Self::Ws => (PathBuf::from("node"), vec![script("ws"), port.to_string()]),
            Self::Bun => (
                peers.join("bun/node_modules/bun/bin/bun.exe"),
                vec![script("bun"), port.to_string()],
            ),
            Self::Nats => (
                PathBuf::from("nats-server"),
                vec![
                    "-c".to_owned(),
                    folder.join("nats.conf").display().to_string(),
                ],
            ),
            Self::Centrifugo => (
                peers.join("centrifugo/bin/centrifugo"),
                vec![
                    "--config".to_owned(),
                    peers.join("centrifugo/config.json").display().to_string(),
                    "--http_server.port".to_owned(),
                    port.to_string(),
                ],
            ),
            Self::Broadcaster => (sibling_binary("broadcaster"), vec![port.to_string()]),
            Self::Floor => (sibling_binary("floor"), vec![port.to_string()]),
            Self::FloorStored => (
                sibling_binary("floor"),
                vec![port.to_string(), folder.display().to_string()],
            ),
        }
    }

    /// Writes the files that the peer needs in `folder` before it starts.
    pub(crate) fn prepare(self, port: u16, folder: &Path) -> std::io::Result<()> {
        if self != Self::Nats {
            return Ok(());
        }
        // Slow consumers keep the defaults: closed at 10 s or 64 MiB.
        let config = format!(
            "listen: \"127.0.0.1:-1\"\nmax_connections: 15000\nlogtime: false\nlog_file: \"{}\"\n\
             websocket {{ listen: \"127.0.0.1:{port}\"\n no_tls: true\n compression: false }}\n",
            folder.join("nats.log").display()
        );
        std::fs::write(folder.join("nats.conf"), config)
    }

    /// Returns whether the peer is installed.
    pub(crate) fn is_installed(self, peers: &Path) -> bool {
        match self {
            Self::Parlor | Self::ParlorSocketIo => true,
            Self::SocketIo | Self::SocketIoEach | Self::SocketIoTurn => {
                peers.join("socket.io/node_modules/socket.io").exists()
            }
            Self::Ws => peers.join("ws/node_modules/ws").exists(),
            Self::Bun => peers.join("bun/node_modules/bun/bin/bun.exe").exists(),
            Self::Nats => in_path("nats-server"),
            Self::Centrifugo => peers.join("centrifugo/bin/centrifugo").exists(),
            Self::Broadcaster => sibling_binary("broadcaster").exists(),
            Self::Floor | Self::FloorStored => sibling_binary("floor").exists(),
        }
    }
}

fn sibling_binary(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    this.with_file_name(name)
}

fn in_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).exists())
}
