//! An event's path through the bus: credit, numbering, queues, wake-ups, handlers, return of the
//! credit.

use crate::{Piece, Round, one_thread};
use bus::{
    Builder, Context, Essential, Event, Handles, LoadError, Running, Settings, Subscriber, Tasks,
    Wiring,
};
use std::hint::black_box;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

const EVENTS: u64 = 2_000;

/// Publishes as many events at a time as there are credits: a busy bus.
const fn burst(name: &'static str, prepare: fn() -> Box<dyn Round>) -> Piece {
    Piece {
        name,
        unit: "event",
        units: EVENTS,
        steady: true,
        prepare,
    }
}

pub(crate) const BURST_TO_ONE: Piece = burst("bus_burst_to_1", || ready(1, false));
pub(crate) const BURST_TO_SIX: Piece = burst("bus_burst_to_6", || ready(6, false));
pub(crate) const BURST_TO_TEN: Piece = burst("bus_burst_to_10", || ready(10, false));
pub(crate) const SINGLY_TO_ONE: Piece = burst("bus_singly_to_1", || ready(1, true));
pub(crate) const SINGLY_TO_SIX: Piece = burst("bus_singly_to_6", || ready(6, true));
pub(crate) const SINGLY_TO_TEN: Piece = burst("bus_singly_to_10", || ready(10, true));

struct Tick(u64);

impl Event for Tick {
    const NAME: &'static str = "pieces.tick";
}

struct Adder<const N: usize>(u64);

impl<const N: usize> Subscriber for Adder<N> {
    const NAME: &'static str = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][N];
    type Kind = Essential;
    type Deps = ();

    async fn load((): &()) -> Result<Self, LoadError> {
        Ok(Self(0))
    }

    fn wire(wiring: &mut Wiring<Self>) {
        wiring.on::<Tick>();
    }
}

impl<const N: usize> Handles<Tick> for Adder<N> {
    fn handle(&mut self, event: &Arc<Tick>, _: &mut Context) {
        self.0 = black_box(self.0.wrapping_add(event.0));
    }
}

struct BusRound {
    runtime: Runtime,
    running: Running,
    /// Every subscriber handles an event before the next is published: an idle bus.
    singly: bool,
}

impl Round for BusRound {
    fn run(&mut self) {
        let bus = self.running.bus();
        self.runtime.block_on(async {
            for n in 0..EVENTS {
                bus.publish(Tick(n)).await;
                if self.singly {
                    bus.quiet().await;
                }
            }
            bus.quiet().await;
        });
    }
}

fn ready(subscribers: usize, singly: bool) -> Box<dyn Round> {
    let runtime = one_thread();
    let running = runtime.block_on(async {
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(Settings::default(), &tasks);
        add(&mut builder, subscribers);
        builder.start().await.expect("the bus starts")
    });
    Box::new(BusRound {
        runtime,
        running,
        singly,
    })
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
