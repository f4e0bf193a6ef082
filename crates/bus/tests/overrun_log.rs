//! The log names whatever does not return, also on another runtime. A binary of its own, since the watch
//! logs from a thread of its own and so to the log of the whole process.

use bus::{
    Builder, Context, Event, Handles, Isolated, LoadError, Missed, Settings, Subscriber, Tasks,
    Wiring,
};
use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;

const LIMIT: Duration = Duration::from_millis(20);
/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// The log of the process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn of_this_process() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Log::default();
            let lines = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(log.clone())
                .finish();
            tracing::subscriber::set_global_default(lines).expect("nothing else sets it");
            log
        })
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no test panics here");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics here").write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

struct Ping;

impl Event for Ping {
    const NAME: &'static str = "test.ping";
}

/// Blocks its thread, in one of its calls, until the test drops the sender.
struct Blocking<const CALL: u8> {
    gate: Gate,
}

const LOAD: u8 = 0;
const MISSED: u8 = 1;
const HANDLE: u8 = 2;

type Gate = Arc<Mutex<Receiver<()>>>;

impl<const CALL: u8> Blocking<CALL> {
    fn pass(gate: &Gate, call: u8) {
        if call == CALL {
            // Fails when the test drops the sender, which opens the gate for good.
            let _ = gate.lock().expect("no test panics here").recv();
        }
    }
}

impl<const CALL: u8> Subscriber for Blocking<CALL> {
    const NAME: &'static str =
        ["blocks in load", "blocks in missed", "blocks in handle"][CALL as usize];
    type Kind = Isolated;
    type Deps = Gate;

    async fn load(gate: &Gate) -> Result<Self, LoadError> {
        Self::pass(gate, LOAD);
        let gate = Arc::clone(gate);
        Ok(Self { gate })
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Ping>();
    }

    async fn missed(&mut self, _: Missed, _: &mut Context) -> anyhow::Result<()> {
        Self::pass(&self.gate, MISSED);
        Ok(())
    }
}

impl<const CALL: u8> Handles<Ping> for Blocking<CALL> {
    fn handle(&mut self, _: &Arc<Ping>, _: &mut Context) {
        Self::pass(&self.gate, HANDLE);
    }
}

async fn is_named<const CALL: u8>(name: &str) {
    let log = Log::of_this_process();
    let elsewhere = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (release, gate) = channel();
    let tasks = Tasks::new(CancellationToken::new());
    let settings = Settings {
        handler_limit: LIMIT,
        ..Settings::default()
    };
    let mut builder = Builder::new(settings, &tasks);
    let (bus, there) = (builder.bus(), tasks.on(elsewhere.handle().clone()));
    builder.isolated_on::<Blocking<CALL>>(Arc::new(Mutex::new(gate)), &there, &bus);
    let running = builder.start().await.expect("the bus starts");
    bus.publish(Ping).await;
    let line = format!("subscriber=\"{}\" name=\"{name}\"", Blocking::<CALL>::NAME);
    let began = Instant::now();
    while !log.text().contains(&line) {
        assert!(began.elapsed() < PATIENCE, "no {line} in {}", log.text());
        tokio::time::sleep(LIMIT).await;
    }
    assert!(!tasks.stopping().is_cancelled(), "the server goes on");
    drop(release);
    running.stop(PATIENCE).await;
    assert!(tasks.stop(PATIENCE).await.is_empty());
    elsewhere.shutdown_background();
}

#[tokio::test]
async fn a_load_that_does_not_return_is_named() {
    is_named::<LOAD>("load").await;
}

#[tokio::test]
async fn a_report_of_missed_events_that_does_not_return_is_named() {
    is_named::<MISSED>("missed").await;
}

#[tokio::test]
async fn a_handler_that_does_not_return_is_named() {
    is_named::<HANDLE>("test.ping").await;
}
