//! CPU per event with 1, 6 and 10 subscribers that all want it.
//!
//! Everything runs on one thread, so the time is the CPU. What is measured is the whole way: a
//! credit, the number, the queues, the wake-ups, the handlers, the credit's return.
//! `cargo bench -p bus`; 6 subscribers should stay under 0.5 µs.

use bus::{
    Builder, Context, Event, Handles, LoadError, Running, Settings, Subscriber, Tasks, Wiring,
};
use divan::counter::ItemsCount;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const EVENTS: u64 = 10_000;

struct Tick(u64);

impl Event for Tick {
    const NAME: &'static str = "bench.tick";
}

struct Adder<const N: usize>(u64);

impl<const N: usize> Subscriber for Adder<N> {
    const NAME: &'static str = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][N];
    type Seed = ();
    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self(0))
    }
    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Tick>();
    }
}

impl<const N: usize> Handles<Tick> for Adder<N> {
    async fn handle(&mut self, event: &Arc<Tick>, _: &mut Context) -> anyhow::Result<()> {
        self.0 = divan::black_box(self.0.wrapping_add(event.0));
        Ok(())
    }
}

fn add(builder: &mut Builder, count: usize) {
    if count >= 1 {
        builder.essential::<Adder<0>>(());
    }
    if count >= 6 {
        builder.essential::<Adder<1>>(()).essential::<Adder<2>>(());
        builder
            .essential::<Adder<3>>(())
            .essential::<Adder<4>>(())
            .essential::<Adder<5>>(());
    }
    if count >= 10 {
        builder.essential::<Adder<6>>(()).essential::<Adder<7>>(());
        builder.essential::<Adder<8>>(()).essential::<Adder<9>>(());
    }
}

fn start(runtime: &Runtime, count: usize) -> Running {
    runtime.block_on(async {
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(Settings::default(), &tasks);
        add(&mut builder, count);
        builder.start().await.expect("the bus starts")
    })
}

/// As many at a time as there are credits: the busy bus.
#[divan::bench(args = [1, 6, 10], sample_count = 50)]
fn events_in_bursts(bencher: divan::Bencher, subscribers: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("one");
    let running = start(&runtime, subscribers);
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        runtime.block_on(async {
            for n in 0..EVENTS {
                running.bus().publish(Tick(n)).await;
            }
            running.bus().quiet().await;
        });
    });
}

/// One at a time, handled by all before the next: the idle bus.
#[divan::bench(args = [1, 6, 10], sample_count = 20)]
fn events_one_by_one(bencher: divan::Bencher, subscribers: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("one");
    let running = start(&runtime, subscribers);
    bencher.counter(ItemsCount::new(EVENTS)).bench_local(|| {
        runtime.block_on(async {
            for n in 0..EVENTS {
                running.bus().publish(Tick(n)).await;
                running.bus().quiet().await;
            }
        });
    });
}

fn main() {
    divan::main();
}
