//! Metrics of commands: outcomes and latencies.

use super::seconds;
use crate::wire::Error;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// The `op` label of a frame without a known command.
const NO_OP: &str = "unknown";

type ByOp = [(&'static str, &'static str); 1];
type ByOutcome = [(&'static str, &'static str); 2];
type Latencies = Family<ByOp, Histogram, fn() -> Histogram>;

/// Counts and times commands by operation and outcome.
#[derive(Debug)]
pub(crate) struct CommandMetrics {
    ended: Family<ByOutcome, Counter>,
    took: Latencies,
    /// Handles for the most frequent updates, by the number of the operation.
    ops: Box<[OpHandles]>,
}

#[derive(Debug)]
struct OpHandles {
    op: &'static str,
    ok: Counter,
    took: Histogram,
}

impl CommandMetrics {
    /// `ops` are the names of all operations, in the order of their numbers.
    pub(super) fn new(ops: impl Iterator<Item = &'static str>) -> Self {
        let ended = Family::<ByOutcome, Counter>::default();
        let took = Latencies::new_with_constructor(seconds);
        let handles = |op| OpHandles {
            op,
            ok: ended.get_or_create(&outcome(op, "ok")).clone(),
            took: took.get_or_create(&[("op", op)]).clone(),
        };
        Self {
            ops: ops.map(handles).collect(),
            ended,
            took,
        }
    }
}

impl CommandMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "commands",
            "Commands with a reply, by operation and outcome: ok or the error's name",
            self.ended.clone(),
        );
        registry.register(
            "command_ack_seconds",
            "Time from reading a command to queuing its reply on the socket (over HTTP: to the \
             complete response), whatever the outcome",
            self.took.clone(),
        );
    }

    /// Records that the command with this number has its reply.
    pub(crate) fn ended(&self, number: usize, error: Option<&Error>, took: Duration) {
        let handles = &self.ops[number];
        handles.took.observe(took.as_secs_f64());
        match error {
            None => handles.ok.inc(),
            Some(error) => self.refused(Some(handles.op), error),
        };
    }

    /// Counts a refused command, or a frame that is no command.
    pub(crate) fn refused(&self, op: Option<&'static str>, error: &Error) -> u64 {
        let op = op.unwrap_or(NO_OP);
        self.ended
            .get_or_create(&outcome(op, error.kind.name))
            .inc()
    }
}

fn outcome(op: &'static str, outcome: &'static str) -> ByOutcome {
    [("op", op), ("outcome", outcome)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::FORBIDDEN;

    #[test]
    fn each_command_counts_for_its_own_operation_and_outcome() {
        let ops = ["join", "kick"];
        let commands = CommandMetrics::new(ops.into_iter());
        commands.ended(0, None, Duration::from_millis(1));
        commands.ended(1, None, Duration::from_millis(1));
        commands.ended(1, Some(&Error::new(&FORBIDDEN)), Duration::ZERO);
        for op in ops {
            let ok = commands.ended.get_or_create(&outcome(op, "ok")).get();
            assert_eq!(ok, 1, "{op}");
        }
        let kicked = outcome("kick", "forbidden");
        assert_eq!(commands.ended.get_or_create(&kicked).get(), 1);
    }
}
