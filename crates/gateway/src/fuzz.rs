//! What the fuzz targets of `fuzz/` call: a client's frames and commands. Each function panics if a
//! promise is broken; a unit test replays what was found.

use crate::Limits;
use crate::commands::{Malformed, Ops};
use crate::connection::{Conn, pair};
use crate::socket::{Inbound, read_in_pieces};
use serde_json::value::RawValue;
use sessions::api::ConnectionId;
use std::collections::HashMap;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};

/// Large enough for every command, small enough that frames exceed it.
const FRAME_BYTES: usize = 1_000;

thread_local! {
    static IDLE: (Runtime, Conn) = idle();
}

/// Returns a connection that never carries a byte.
fn idle() -> (Runtime, Conn) {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (stream, client) = runtime.block_on(pair());
    std::mem::forget(client);
    (
        runtime,
        Conn::new(ConnectionId(1), stream, &Limits::default()),
    )
}

/// Reads frames: however their bytes are split, they are the same messages, each within the limit.
pub fn frames(data: &[u8]) {
    let limits = Limits {
        frame_bytes: FRAME_BYTES,
        ..Limits::default()
    };
    let Some((size, bytes)) = data.split_first() else {
        return;
    };
    let size = usize::from(*size).max(1);
    IDLE.with(|(runtime, conn)| {
        let _guard = runtime.enter();
        let whole = read_in_pieces(conn, &limits, bytes, bytes.len().max(1));
        let pieces = read_in_pieces(conn, &limits, bytes, size);
        assert_eq!(whole, pieces, "in pieces of {size}");
        for inbound in whole {
            if let Inbound::Text(text) = inbound {
                assert!(text.len() <= FRAME_BYTES, "{} bytes", text.len());
            }
        }
    });
}

/// Reads a command: a frame that is no JSON object has no id, and an id is one that JavaScript has.
pub fn commands(data: &[u8]) {
    static OPS: LazyLock<Ops> = LazyLock::new(Ops::builtin);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let is_object = serde_json::from_str::<HashMap<String, Box<RawValue>>>(text).is_ok();
    let id = match OPS.read(text) {
        Ok(frame) => Some(frame.id),
        Err(Malformed { id, op, error }) => {
            assert!(id.is_some() || op.is_none(), "{error}");
            id
        }
    };
    assert!(id.is_none() || is_object, "{text}");
    assert!(id.is_none_or(|id| id < 1 << 53), "{id:?}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_is_replayed() {
        fixtures::replay("frames", super::frames);
        fixtures::replay("commands", super::commands);
    }
}
