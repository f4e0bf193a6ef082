//! The tower stack that every command passes: trace, catch-panic, time-out, rate limit, load-shed.

use crate::stage::Stage;
use crate::{Piece, Round};
use bus::TraceId;
use gateway::commands::Ops;
use gateway::wire::Fields;
use gateway::{Bucket, Call};
use std::sync::Arc;

const COMMANDS: u64 = 1_000;

/// `ping` asks nobody: what is left is the stack, with the rate limit in it.
pub(crate) const PING: Piece = Piece {
    name: "command_stack_ping",
    unit: "command",
    units: COMMANDS,
    steady: true,
    prepare: || {
        let stage = Stage::new(|_, _| false, 1);
        let bucket = stage.gateway.bucket();
        let ops = Ops::builtin();
        Box::new(Pings { stage, ops, bucket })
    },
};

struct Pings {
    stage: Stage,
    ops: Ops,
    bucket: Arc<Bucket>,
}

impl Round for Pings {
    fn run(&mut self) {
        let caller = Stage::caller(0);
        let none = Fields::default();
        self.stage.runtime.block_on(async {
            for _ in 0..COMMANDS {
                let bucket = Arc::clone(&self.bucket);
                let ping = self.ops.command("ping", &none).expect("a command");
                let call = Call::http(caller.clone(), ping, TraceId::random(), bucket);
                self.stage.gateway.call(call).await.expect("a reply");
            }
        });
    }
}
