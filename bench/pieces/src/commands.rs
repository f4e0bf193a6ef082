//! The tower stack of every command: trace, panic handling, timeout, rate limit, load shedding.

use crate::gateway_fixture::GatewayFixture;
use crate::{Piece, Round};
use bus::TraceId;
use gateway::commands::Ops;
use gateway::wire::Fields;
use gateway::{Bucket, Call};
use std::sync::Arc;

const COMMANDS: u64 = 1_000;

/// `ping` needs no other crate: measures the stack alone, including the rate limit.
pub(crate) const PING: Piece = Piece {
    name: "command_stack_ping",
    unit: "command",
    units: COMMANDS,
    steady: true,
    prepare: || {
        let fixture = GatewayFixture::new(|_, _| false, 1);
        let bucket = fixture.gateway.bucket();
        let ops = Ops::builtin();
        Box::new(PingRound {
            fixture,
            ops,
            bucket,
        })
    },
};

struct PingRound {
    fixture: GatewayFixture,
    ops: Ops,
    bucket: Arc<Bucket>,
}

impl Round for PingRound {
    fn run(&mut self) {
        let caller = GatewayFixture::caller(0);
        let none = Fields::default();
        self.fixture.runtime.block_on(async {
            for _ in 0..COMMANDS {
                let bucket = Arc::clone(&self.bucket);
                let ping = self.ops.command("ping", &none).expect("a command");
                let call = Call::http(caller.clone(), ping, TraceId::random(), bucket);
                self.fixture.gateway.call(call).await.expect("a reply");
            }
        });
    }
}
