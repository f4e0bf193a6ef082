//! A database server that comes up after the chat server.

use fixtures::{Folder, Postgres};
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};
use tests::{Api, Kind, Settings, Sql, Store, judge, parlor};

/// Returns an address of this machine that nobody listens on.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// The settings of a server that can be asked before it is ready.
fn settings(url: &str, [people, operator]: [SocketAddr; 2]) -> Settings {
    Settings::default()
        .with("CORE_DB_URL", url)
        .with("PARLOR_LISTEN", &people.to_string())
        .with("PARLOR_OPERATOR_LISTEN", &operator.to_string())
}

async fn listens(address: SocketAddr) -> Api {
    let end = Instant::now() + Duration::from_secs(10);
    while tokio::net::TcpStream::connect(address).await.is_err() {
        assert!(Instant::now() < end, "nobody listens on {address}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Api::at(address)
}

async fn is_not_ready([people, operator]: [SocketAddr; 2], server: &str) {
    let (people, operator) = (listens(people).await, listens(operator).await);
    for path in ["/health", "/", "/ws", "/api/v1/me"] {
        let answer = people.get(path).await;
        assert_eq!(answer.status.as_u16(), 503, "{path}");
    }
    let refused = people.post("/api/v1/login", &json!({})).await;
    assert_eq!(refused.json()["err"]["name"], "storage_unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(operator.get("/health/live").await.status.as_u16(), 200);
    assert_eq!(operator.get("/health/ready").await.status.as_u16(), 503);
    let metrics = operator.get("/metrics").await;
    assert!(String::from_utf8_lossy(&metrics.body).contains("parlor_ready 0"));
    let health = operator.get("/health").await;
    assert_eq!(health.status.as_u16(), 503);
    let core = &health.json()["databases"]["core"];
    assert_eq!(core["condition"], "connecting", "{core}");
    assert!(core["cause"].as_str().unwrap().contains(server), "{core}");
}

#[test]
fn a_server_waits_for_its_database_and_says_so() {
    judge(Kind::Sqlite, "late", async |store| {
        let postgres = Postgres::alone();
        let mut sql = Sql::postgres(&postgres.url("postgres")).await;
        sql.run("CREATE DATABASE late").await;
        postgres.stop();
        let addresses = [free_address(), free_address()];
        let database = format!("127.0.0.1:{}", postgres.port());
        let starting = store.serve(settings(&postgres.url("late"), addresses));
        let meanwhile = async {
            is_not_ready(addresses, &database).await;
            let again = postgres.clone();
            tokio::task::spawn_blocking(move || again.start_again())
                .await
                .unwrap();
        };
        let (server, ()) = tokio::join!(starting, meanwhile);
        let alice = server.guest("alice").await;
        assert_eq!(
            server.operator().get("/health/ready").await.status.as_u16(),
            200
        );
        let lines = server.lines();
        let waited = lines
            .iter()
            .filter(|line| line.contains("\"waiting for a database\""));
        let waited: Vec<_> = waited.collect();
        assert_eq!(waited.len(), 1, "said once: {waited:?}");
        assert!(waited[0].contains(&database), "{waited:?}");
        alice.close(1000).await;
        assert_eq!(server.stop().await.code, Some(0));
    });
}

/// Returns a URL at which nobody listens.
fn nowhere() -> String {
    format!("postgres://parlor:topsecret@{}/late", free_address())
}

#[test]
fn a_stop_while_it_waits_takes_no_time() {
    judge(Kind::Sqlite, "stopped", async |store| {
        let starting = store
            .start(Settings::default().with("CORE_DB_URL", &nowhere()))
            .await;
        starting.logged("not ready yet").await;
        let since = Instant::now();
        starting.signal("TERM");
        let exit = starting.ended().await;
        assert_eq!(exit.code, Some(0), "{:?}", exit.lines);
        assert!(since.elapsed() < Duration::from_secs(3));
    });
}

#[test]
fn the_wait_has_an_end() {
    judge(Kind::Sqlite, "in vain", async |store| {
        for (wait_ms, least_ms) in [("1500", 1_500), ("0", 0)] {
            // Built before the time counts.
            parlor();
            let since = Instant::now();
            let settings = Settings::default()
                .with("CORE_DB_URL", &nowhere())
                .with("CORE_DB_START_WAIT_MS", wait_ms);
            let exit = store.try_serve(settings).await.expect_err("nobody comes");
            assert_eq!(exit.code, Some(1), "{:?}", exit.lines);
            assert!(since.elapsed() >= Duration::from_millis(least_ms));
            assert!(since.elapsed() < Duration::from_secs(20));
            let last = exit.lines.last().unwrap();
            assert!(last.contains("cannot connect to 127.0.0.1:"), "{last}");
            assert!(!exit.lines.join("\n").contains("topsecret"));
        }
    });
}

#[test]
fn what_waiting_cannot_mend_fails_at_once() {
    judge(Kind::Sqlite, "hopeless", async |store| {
        let postgres = Postgres::alone();
        let mut sql = Sql::postgres(&postgres.url("postgres")).await;
        sql.run("ALTER ROLE parlor PASSWORD 'right'").await;
        let latin = "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'";
        sql.run(latin).await;
        postgres.admit("host all all all scram-sha-256\n");
        let url = |password: &str, database: &str| {
            format!(
                "postgres://parlor:{password}@127.0.0.1:{}/{database}",
                postgres.port()
            )
        };
        for (url, reason) in [
            (url("wrong", "postgres"), "password authentication failed"),
            (url("right", "missing"), "\"missing\" does not exist"),
            (url("right", "latin"), "LATIN1"),
        ] {
            // Built before the time counts.
            parlor();
            let since = Instant::now();
            let settings = Settings::default().with("CORE_DB_URL", &url);
            let exit = store.try_serve(settings).await.expect_err("it is refused");
            assert_eq!(exit.code, Some(1), "{:?}", exit.lines);
            assert!(since.elapsed() < Duration::from_secs(20), "it waited");
            let last = exit.lines.last().unwrap();
            assert!(last.contains(reason), "{last}");
        }
    });
}

#[test]
fn the_service_manager_is_asked_for_more_time() {
    judge(Kind::Sqlite, "extended", async |store| {
        let folder = Folder::new("manager");
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        manager
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let settings = Settings::default()
            .with("CORE_DB_URL", &nowhere())
            .with("NOTIFY_SOCKET", path.to_str().unwrap());
        let starting = store.start(settings).await;
        let told = tokio::task::spawn_blocking(move || {
            let mut bytes = [0; 1024];
            [(); 2].map(|()| {
                let length = manager.recv(&mut bytes).unwrap();
                String::from_utf8_lossy(&bytes[..length]).into_owned()
            })
        });
        for told in told.await.unwrap() {
            assert!(
                told.starts_with("EXTEND_TIMEOUT_USEC=15000000\nSTATUS="),
                "{told}"
            );
            assert!(told.contains("cannot connect to 127.0.0.1:"), "{told}");
        }
        starting.signal("TERM");
        assert_eq!(starting.ended().await.code, Some(0));
    });
}

/// Another database than `core` is waited for in the same way if it is critical.
#[test]
fn a_critical_database_beside_core_is_waited_for() {
    judge(Kind::Sqlite, "beside", async |store: Store| {
        let settings = Settings::default()
            .with("DATABASES", "core,analytics")
            .with("ANALYTICS_DB_URL", &nowhere())
            .with("ANALYTICS_DB_CRITICAL", "on")
            .with("ANALYTICS_DB_START_WAIT_MS", "700");
        let exit = store.try_serve(settings).await.expect_err("nobody comes");
        assert_eq!(exit.code, Some(1), "{:?}", exit.lines);
        let last = exit.lines.last().unwrap();
        assert!(last.contains("analytics"), "{last}");
    });
}
