//! The proxies of `deploy/`, started with the files that lie there.

use crate::binary::workspace;
use crate::process::Process;
use crate::server::Server;
use fixtures::Folder;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpStream;

const START: Duration = Duration::from_secs(20);

/// The part of nginx's configuration around the file of `deploy/`.
const NGINX: &str = "daemon off;\nworker_processes 1;\nevents {}\nerror_log stderr;\npid nginx.pid;\n\
    http {\naccess_log off;\nclient_body_temp_path body;\nproxy_temp_path proxy;\n\
    fastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n";

/// A proxy in front of a server.
#[derive(Debug)]
pub struct Proxy {
    process: Process,
    address: SocketAddr,
    _folder: Folder,
}

impl Proxy {
    /// Starts nginx with `deploy/nginx.conf`, except that it listens on a free port without TLS.
    pub async fn nginx(server: &Server) -> Self {
        let address = free_address();
        let text = deployed("nginx.conf");
        let lines = text.lines().filter(|line| {
            let line = line.trim();
            !line.starts_with("listen [::]") && !line.starts_with("ssl_")
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let text = replaced(&text, "listen 80;", &format!("listen {};", free_address()));
        let text = replaced(&text, "listen 443 ssl;", &format!("listen {address};"));
        let upstream = format!("server {} ", server.address());
        let text = replaced(&text, "server 127.0.0.1:8080 ", &upstream);
        let folder = Folder::new("nginx");
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, format!("{NGINX}{text}\n}}\n")).expect("the folder can be written");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
        // Started by root it would give its files to another user, who cannot enter the folder.
        if is_root(folder.path()) {
            command.args(["-g", "user root;"]);
        }
        Self::started(command, address, folder).await
    }

    /// Starts Caddy with `deploy/Caddyfile`, except that it listens on a free port without TLS, and has
    /// no administration.
    pub async fn caddy(server: &Server) -> Self {
        let address = free_address();
        let own = "{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tservers {";
        let text = replaced(&deployed("Caddyfile"), "{\n\tservers {", own);
        let folder = Folder::new("caddy");
        let file = folder.path().join("Caddyfile");
        std::fs::write(&file, text).expect("the folder can be written");
        let mut command = Command::new("caddy");
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path())
            .env("PARLOR_HOST", format!("http://{address}"))
            .env("PARLOR_UPSTREAM", server.address().to_string());
        Self::started(command, address, folder).await
    }

    async fn started(mut command: Command, address: SocketAddr, folder: Folder) -> Self {
        let path = std::env::var("PATH").unwrap_or_default();
        // Debian puts nginx where only root looks.
        command.env("PATH", format!("{path}:/usr/sbin:/sbin"));
        let process = Process::spawn(command);
        let listening = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let started = tokio::time::timeout(START, listening).await.is_ok();
        assert!(started, "the proxy starts: {}", process.lines().join("\n"));
        Self {
            process,
            address,
            _folder: folder,
        }
    }

    /// Returns the address that people connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what it has logged.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.process.lines()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx ends its workers itself, when it is asked to.
        self.process.signal("TERM");
        for _ in 0..200 {
            if self.process.status().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn deployed(file: &str) -> String {
    let path = workspace().join("deploy").join(file);
    std::fs::read_to_string(path).expect("the file lies in deploy/")
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "deploy/ contains {from:?}");
    text.replace(from, to)
}

/// Returns an address of this machine on which nothing listens.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound address")
}

fn is_root(own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(own).is_ok_and(|own| own.uid() == 0)
}
