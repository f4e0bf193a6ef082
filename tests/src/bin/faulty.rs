//! A server like `parlor` with one more subscriber, which misbehaves; for trials only.
//!
//! `FAULTY_DOES` says what it does on each hundredth event (`panics`, `hangs`, `ends`), and
//! `FAULTY_RANK` whether it is essential. With a file `calm` in the data directory it behaves.

use anyhow::Context as _;
use bus::{
    Builder, Context, Essential, Handles, HandlesAsync, Isolated, LoadError, Running, Subscriber,
    SystemClock, Tasks, Wiring,
};
use gateway::{Gateway, Health, Listeners, OperatorView, Serving};
use rooms::api::EntriesAppended;
use sessions::SystemRandom;
use sessions::api::KeepConnected;
use std::env::var;
use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use storage::{Database, DatabaseConfig, Migrations, PostgresUrl, Registry, Url};
use tests::Misbehaviour;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Time limit of each stage of the stop.
const STAGE: Duration = Duration::from_secs(2);

/// Longer than all stages of the stop together.
const STOP_MAX: Duration = Duration::from_secs(16);

/// Short, so that a stuck handler is soon found.
const HANDLER_LIMIT: Duration = Duration::from_millis(200);

/// Every how many events one goes wrong.
const EACH: u64 = 100;

/// State that outlives the subscriber.
struct Fault {
    does: Misbehaviour,
    data: PathBuf,
    handled: AtomicU64,
    ended: AtomicBool,
}

impl Fault {
    fn load(&self) -> Result<(), LoadError> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(LoadError::Broken(anyhow::anyhow!("it has ended")));
        }
        Ok(())
    }

    /// Counts an event and misbehaves on each hundredth. Returns whether the handler must hang.
    fn event(&self) -> bool {
        let handled = self.handled.fetch_add(1, Ordering::Relaxed) + 1;
        if !handled.is_multiple_of(EACH) || self.data.join("calm").exists() {
            return false;
        }
        match self.does {
            Misbehaviour::Panics => panic!("faulty, as it should be"),
            Misbehaviour::Hangs => true,
            Misbehaviour::Ends => {
                self.ended.store(true, Ordering::Relaxed);
                panic!("faulty, and never again")
            }
        }
    }
}

/// An essential subscriber that misbehaves. When it hangs, it keeps its thread.
struct FaultyEssential(Arc<Fault>);

impl Subscriber for FaultyEssential {
    const NAME: &'static str = "faulty";
    type Kind = Essential;
    type Deps = Arc<Fault>;

    async fn load(fault: &Arc<Fault>) -> Result<Self, LoadError> {
        fault.load().map(|()| Self(Arc::clone(fault)))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<EntriesAppended>();
    }
}

impl Handles<EntriesAppended> for FaultyEssential {
    fn handle(&mut self, _: &Arc<EntriesAppended>, _: &mut Context) {
        if self.0.event() {
            loop {
                std::thread::park();
            }
        }
    }
}

/// An isolated subscriber that misbehaves.
struct FaultyIsolated(Arc<Fault>);

impl Subscriber for FaultyIsolated {
    const NAME: &'static str = "faulty";
    type Kind = Isolated;
    type Deps = Arc<Fault>;

    async fn load(fault: &Arc<Fault>) -> Result<Self, LoadError> {
        fault.load().map(|()| Self(Arc::clone(fault)))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on_async::<EntriesAppended>();
    }
}

impl HandlesAsync<EntriesAppended> for FaultyIsolated {
    async fn handle(&mut self, _: &Arc<EntriesAppended>, _: &mut Context) -> anyhow::Result<()> {
        if self.0.event() {
            pending::<()>().await;
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Runtime::new().expect("the runtime starts");
    let served = runtime.block_on(serve());
    // Does not wait for a handler that hangs.
    runtime.shutdown_background();
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("faulty: {why:#}");
            ExitCode::FAILURE
        }
    }
}

/// The running server.
struct App {
    tasks: Tasks,
    registry: Registry,
    running: Running,
    gateway: Gateway,
    health: Health,
    serving: Serving,
}

async fn serve() -> anyhow::Result<()> {
    let tasks = Tasks::new(CancellationToken::new());
    let asked = listen_for_signals(&tasks)?;
    arm_watchdog(&tasks);
    let app = build(&tasks).await?;
    tasks.stopping().cancelled().await;
    app.stop().await;
    anyhow::ensure!(asked.is_cancelled(), "a part of the server has ended");
    Ok(())
}

/// Ends a stop that hangs because a handler keeps a thread of the runtime, as `parlor` does.
fn arm_watchdog(tasks: &Tasks) {
    let (stopping, runtime) = (tasks.stopping().clone(), Handle::current());
    let watch = move || {
        runtime.block_on(stopping.cancelled());
        std::thread::sleep(STOP_MAX);
        std::process::exit(1);
    };
    std::thread::Builder::new()
        .spawn(watch)
        .expect("a thread starts");
}

fn listen_for_signals(tasks: &Tasks) -> anyhow::Result<CancellationToken> {
    let mut term = signal(SignalKind::terminate())?;
    let (stop, asked) = (tasks.stopping().clone(), CancellationToken::new());
    let signalled = asked.clone();
    tasks.once("faulty", "signals", async move {
        term.recv().await;
        signalled.cancel();
        stop.cancel();
    });
    Ok(asked)
}

/// Builds the server as `parlor`'s composition root does, without settings and without extensions.
async fn build(tasks: &Tasks) -> anyhow::Result<App> {
    let settings = bus::Settings {
        handler_limit: HANDLER_LIMIT,
        ..bus::Settings::default()
    };
    let mut builder = Builder::new(settings, tasks);
    let registry = Registry::new(builder.bus(), tasks.clone());
    let core = open(&registry).await?;
    let listeners = Listeners::bind(
        address("PARLOR_LISTEN")?,
        address("PARLOR_OPERATOR_LISTEN")?,
    )?;
    let rooms = rooms::Deps::new(core.clone(), rooms::Settings::default());
    rooms::create_general(&rooms).await?;
    let sessions = sessions::Deps::new(
        core.clone(),
        sessions::Settings::default().unlimited(),
        SystemClock::new(),
        SystemRandom,
    );
    let messaging = messaging::Deps::new(core, messaging::Settings::default());
    sessions::wire(&mut builder, &sessions);
    rooms::wire(&mut builder, &rooms);
    messaging::wire(&mut builder, &messaging);
    Listeners::wire(&mut builder);
    add_faulty(&mut builder)?;
    builder.asks::<KeepConnected>();
    let settings = gateway::Settings::default().unlimited();
    let gateway = Gateway::wire(&mut builder, tasks, settings.limits.clone());
    let addresses = (listeners.address()?, listeners.operator_address()?);

    let running = builder.start().await?;
    sessions::tasks(tasks, running.bus(), &sessions);
    gateway.start();
    let health = Health::new(registry.probes());
    let view = OperatorView {
        metrics: gateway.metrics(),
        actions: Vec::new(),
    };
    let serving = listeners.start(&gateway, &health, view, &settings);
    let (address, operator) = addresses;
    tracing::info!(%address, %operator, "listening");
    Ok(App {
        tasks: tasks.clone(),
        registry,
        running,
        gateway,
        health,
        serving,
    })
}

async fn open(registry: &Registry) -> anyhow::Result<Database> {
    let url = match var("CORE_DB_URL") {
        Ok(url) => Url::Postgres(PostgresUrl::parse(&url)?),
        Err(_) => Url::Sqlite(data()?.join("core.db")),
    };
    let migrations = Migrations::Folder(tests::workspace().join("migrations/core"));
    let mut config = DatabaseConfig::new("core", url, migrations);
    if let Ok(max) = var("CORE_DB_POOL_MAX") {
        config.pool_max = max.parse()?;
        config.pool_min = config.pool_min.min(config.pool_max);
    }
    registry.register(config);
    registry.initialise().await?;
    registry.database("core").context("it was just registered")
}

fn add_faulty(builder: &mut Builder) -> anyhow::Result<()> {
    let fault = Arc::new(Fault {
        does: var("FAULTY_DOES")?.parse()?,
        data: data()?,
        handled: AtomicU64::new(0),
        ended: AtomicBool::new(false),
    });
    match var("FAULTY_RANK")?.as_str() {
        "essential" => builder.essential::<FaultyEssential>(fault),
        _ => builder.isolated::<FaultyIsolated>(fault),
    };
    Ok(())
}

fn data() -> anyhow::Result<PathBuf> {
    Ok(PathBuf::from(var("PARLOR_DATA_DIR")?))
}

fn address(name: &str) -> anyhow::Result<SocketAddr> {
    Ok(var(name)?.parse()?)
}

impl App {
    async fn stop(self) {
        self.health.drain();
        self.serving.close().await;
        self.tasks.stop_timers();
        self.gateway.finish_commands(STAGE).await;
        self.gateway.say_goodbye(STAGE).await;
        let _ = self.running.bus().ask(KeepConnected, STAGE).await;
        // A subscriber that has ended never handles its queued events.
        let _ = tokio::time::timeout(STAGE, self.running.bus().quiet()).await;
        self.running.bus().drain();
        self.running.stop(STAGE).await;
        self.registry.close(STAGE).await;
        self.tasks.stop(STAGE).await;
    }
}
