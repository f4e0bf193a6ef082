//! What others on the bus feel of a flood from threads of the lowest priority, while the processors are
//! busy: `cargo bench -p bus --bench flood`. The table in docs/performance.md is from here.
//!
//! Linux only: elsewhere a thread's priority cannot be lowered this way.

use bus::{
    Builder, Bus, Context, Essential, Event, Handles, Isolated, LoadError, Settings, Subscriber,
    Tasks, Wiring,
};
use parking_lot::Mutex;
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Events of chat per case, one every half millisecond.
const EVENTS: usize = 6_000;
const INTERVAL: Duration = Duration::from_micros(500);
/// The places of the flooding handle.
const PLACES: usize = 16;
const FLOODERS: usize = 2;

fn main() {
    // A test of all targets runs benches, too, without this argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let quiet = Case {
        name: "nobody else",
        subscribed: false,
        flood: None,
    };
    let subscribed = Case {
        name: "a subscriber elsewhere",
        subscribed: true,
        ..quiet
    };
    let open = Case {
        name: "and a flood through an open handle",
        flood: Some(Through::Open),
        ..subscribed
    };
    let bounded = Case {
        name: "and a flood through a bounded handle",
        flood: Some(Through::Bounded),
        ..subscribed
    };
    println!("microseconds from publishing an event to its handling, with every processor busy");
    for case in [quiet, subscribed, open, bounded] {
        case.run();
    }
}

/// What happens besides chat.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    subscribed: bool,
    flood: Option<Through>,
}

/// The handle through which a flood comes.
#[derive(Clone, Copy)]
enum Through {
    Open,
    Bounded,
}

/// An event of chat, and when it was published.
struct Said(Instant);

impl Event for Said {
    const NAME: &'static str = "bench.said";
}

struct Noise;

impl Event for Noise {
    const NAME: &'static str = "bench.noise";
}

/// The latencies of events, in nanoseconds.
type Latencies = Arc<Mutex<Vec<u64>>>;

/// The essential subscriber of chat.
struct Chat(Latencies);

impl Subscriber for Chat {
    const NAME: &'static str = "chat";
    type Kind = Essential;
    type Deps = Latencies;

    async fn load(latencies: &Latencies) -> Result<Self, LoadError> {
        Ok(Self(Arc::clone(latencies)))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Said>();
    }
}

impl Handles<Said> for Chat {
    fn handle(&mut self, said: &Arc<Said>, _: &mut Context) {
        let latency = u64::try_from(said.0.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.lock().push(latency);
    }
}

/// The subscriber elsewhere: follows chat and the noise.
struct Follower;

impl Subscriber for Follower {
    const NAME: &'static str = "follower";
    type Kind = Isolated;
    type Deps = ();

    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self)
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Said>().on::<Noise>();
    }
}

impl Handles<Said> for Follower {
    fn handle(&mut self, said: &Arc<Said>, _: &mut Context) {
        black_box(said);
    }
}

impl Handles<Noise> for Follower {
    fn handle(&mut self, noise: &Arc<Noise>, _: &mut Context) {
        black_box(noise);
    }
}

impl Case {
    fn run(self) {
        let (here, there) = (runtime(0), runtime(19));
        let stop = Arc::new(AtomicBool::new(false));
        let busy = keep_busy(&stop);
        let (latencies, noise) = here.block_on(self.measure(&there, &stop));
        stop.store(true, Relaxed);
        for thread in busy {
            thread.join().expect("it only counts");
        }
        there.shutdown_background();
        self.report(latencies, noise);
    }

    async fn measure(self, there: &Runtime, stop: &Arc<AtomicBool>) -> (Vec<u64>, u64) {
        let (latencies, noise) = (Latencies::default(), Arc::new(AtomicU64::new(0)));
        let tasks = Tasks::new(CancellationToken::new());
        let elsewhere = tasks.on(there.handle().clone());
        let mut builder = Builder::new(Settings::default(), &tasks);
        builder
            .states::<Noise>()
            .essential::<Chat>(Arc::clone(&latencies));
        let bus = match self.flood {
            Some(Through::Bounded) => builder.bounded_bus("flood", PLACES),
            _ => builder.bus(),
        };
        if self.subscribed {
            builder.isolated_on::<Follower>((), &elsewhere, &bus);
        }
        let running = builder.start().await.expect("the bus starts");
        if self.flood.is_some() {
            for _ in 0..FLOODERS {
                let flood = flood(bus.clone(), Arc::clone(stop), Arc::clone(&noise));
                elsewhere.once("bench", "flood", flood);
            }
        }
        let (ended, end) = oneshot::channel();
        let chat = running.bus().clone();
        tasks.once("bench", "chat", async move {
            talk(chat).await;
            ended.send(()).expect("the bench waits");
        });
        end.await.expect("it runs to its end");
        stop.store(true, Relaxed);
        running.stop(Duration::from_secs(2)).await;
        tasks.stop(Duration::from_secs(2)).await;
        let latencies = std::mem::take(&mut *latencies.lock());
        (latencies, noise.load(Relaxed))
    }

    fn report(self, mut latencies: Vec<u64>, noise: u64) {
        latencies.sort_unstable();
        let last = latencies.len() - 1;
        let at = |per_mille: usize| latencies[last * per_mille / 1_000] / 1_000;
        println!(
            "{:38} half {:4}  99 % {:6}  99.9 % {:6}  all {:6}  ({noise} events of noise)",
            self.name,
            at(500),
            at(990),
            at(999),
            at(1_000),
        );
    }
}

async fn talk(bus: Bus) {
    for _ in 0..EVENTS {
        bus.publish(Said(Instant::now())).await;
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn flood(bus: Bus, stop: Arc<AtomicBool>, noise: Arc<AtomicU64>) {
    while !stop.load(Relaxed) {
        bus.publish(Noise).await;
        noise.fetch_add(1, Relaxed);
    }
}

/// A runtime of two threads with this nice value.
fn runtime(nice: i32) -> Runtime {
    let lower = move || setpriority_process(Some(gettid()), nice).expect("a thread may be nicer");
    RuntimeBuilder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(lower)
        .build()
        .expect("a runtime")
}

/// Keeps every processor busy with a thread of ordinary priority.
fn keep_busy(stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let busy = (0..processors).map(|_| {
        let stop = Arc::clone(stop);
        thread::spawn(move || {
            let mut value = 1_u64;
            while !stop.load(Relaxed) {
                value = black_box(value.wrapping_mul(31));
            }
        })
    });
    busy.collect()
}
