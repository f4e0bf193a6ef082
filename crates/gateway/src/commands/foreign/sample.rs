//! Commands from outside for tests.

use super::{ForeignCall, ForeignInput, ForeignOp, ForeignRefusal, InvalidField};
use crate::commands::Ops;
use crate::rate_limit::Cost;
use bus::TraceId;
use futures_util::future::BoxFuture;
use rooms::api::RoomKey;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use sessions::api::Caller;
use std::time::Duration;

/// Returns the gateway's commands and these, each with whether it writes.
pub(crate) fn sample_ops(names: &[(&'static str, bool)]) -> Ops {
    let mut ops = Ops::builtin();
    for (name, writes) in names {
        ops.add_foreign(sample(name, *writes)).unwrap();
    }
    ops
}

/// Returns a command that takes a `room` and a number `n`, and replies with what it was given.
pub(crate) fn sample(name: &'static str, writes: bool) -> ForeignOp {
    ForeignOp {
        name,
        writes,
        cost: Cost::Other,
        read: Box::new(|input| {
            let given = match input {
                ForeignInput::Json(d) => d.map_or(json!({}), |d| {
                    serde_json::from_str(d.get()).expect("an object")
                }),
                ForeignInput::Query(query) => json!({ "query": query }),
            };
            if given["n"].is_string() {
                return Err(InvalidField {
                    field: "n".to_owned(),
                    expected: "must be a number".to_owned(),
                });
            }
            assert!(given["panic"].is_null(), "as the client wishes");
            let room = given["room"].as_str().map(|room| RoomKey(room.into()));
            Ok(Box::new(Sample { room, given }))
        }),
    }
}

struct Sample {
    room: Option<RoomKey>,
    given: Value,
}

impl ForeignCall for Sample {
    fn room(&self) -> Option<&RoomKey> {
        self.room.as_ref()
    }

    fn call(
        self: Box<Self>,
        caller: Caller,
        _: TraceId,
        _: Duration,
    ) -> BoxFuture<'static, Result<Box<RawValue>, ForeignRefusal>> {
        Box::pin(async move {
            if let Some(bytes) = self.given["bytes"].as_u64() {
                let long = "x".repeat(usize::try_from(bytes).expect("a size"));
                return Ok(to_raw_value(&long).expect("it is JSON"));
            }
            assert!(self.given["bug"].is_null(), "as the client wishes");
            if self.given["hang"] == true {
                std::future::pending::<()>().await;
            }
            if self.given["refuse"] == true {
                return Err(ForeignRefusal::NotMember);
            }
            let ok = json!({ "by": &*caller.user.name, "given": self.given });
            Ok(to_raw_value(&ok).expect("it is JSON"))
        })
    }
}
