//! Commands from outside, as the table reads them and the dispatcher runs them.

use crate::commands::{OpError, Ops, sample, sample_ops};
use crate::{Bucket, Call, Gateway, Limits};
use bus::{Builder, Settings, Tasks, TraceId};
use futures_util::future::join_all;
use serde_json::{Value, json};
use sessions::api::{Caller, SessionId, User, UserId};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A gateway with a read and a write from outside.
struct Stage {
    gateway: Gateway,
    ops: Ops,
    _builder: Builder,
}

fn ops() -> Ops {
    sample_ops(&[("x.karma.top", false), ("x.karma.give", true)])
}

impl Stage {
    fn new() -> Self {
        let tasks = Tasks::new(CancellationToken::new());
        let mut builder = Builder::new(Settings::default(), &tasks);
        let gateway = Gateway::with_ops(&mut builder, &tasks, Limits::default(), ops());
        Self {
            gateway,
            ops: ops(),
            _builder: builder,
        }
    }

    /// Returns the reply's `ok`, or the name of the error.
    async fn call(&self, op: &str, d: Value) -> Result<Value, &'static str> {
        let frame = json!({ "id": 1, "op": op, "d": d }).to_string();
        let command = self.ops.read(&frame).expect(&frame).command;
        let bucket = Arc::new(Bucket::new(&Limits::default().off()));
        let call = Call::http(caller(), command, TraceId(7), bucket);
        match self.gateway.call(call).await {
            Ok(body) => Ok(serde_json::from_slice(&body.0).unwrap()),
            Err(error) => Err(error.kind.name),
        }
    }
}

fn caller() -> Caller {
    Caller {
        user: User {
            id: UserId([1; 16]),
            name: "ann".into(),
            guest: false,
        },
        session: SessionId([1; 16]),
        admin: false,
    }
}

/// Returns the name of the error and the field that it names.
fn refused(frame: &str) -> (&'static str, Option<String>) {
    let error = ops().read(frame).expect_err(frame).error;
    (error.kind.name, error.about().map(str::to_owned))
}

#[test]
fn a_name_that_is_taken_or_illegal_is_an_error() {
    let mut ops = ops();
    let taken = ops.add_foreign(sample("x.karma.top", true));
    assert_eq!(taken, Err(OpError::Taken("x.karma.top")));
    for illegal in ["send", "karma.top", "x.karma", "x.Karma.top"] {
        let error = ops.add_foreign(sample(illegal, true)).unwrap_err();
        assert_eq!(error, OpError::Illegal(illegal));
        assert!(error.to_string().contains(illegal), "{error}");
    }
    assert_eq!(ops.iter().len(), Ops::builtin().iter().len() + 2);
    for (number, op) in ops.iter().enumerate() {
        assert_eq!(op.number, number, "metrics count by it");
        assert_eq!(ops.by_name(op.name), Some(op));
    }
}

#[test]
fn a_field_that_is_wrong_is_named_as_in_the_gateways_own() {
    let field = |name: &str| ("bad_request", Some(name.to_owned()));
    for d in ["[]", "\"x\"", "7"] {
        let frame = format!(r#"{{"id":1,"op":"x.karma.top","d":{d}}}"#);
        assert_eq!(refused(&frame), field("d"), "{frame}");
    }
    assert_eq!(
        refused(r#"{"id":1,"op":"x.karma.top","d":{"n":"one"}}"#),
        field("n")
    );
    for d in ["null", "{}"] {
        let frame = format!(r#"{{"id":1,"op":"x.karma.top","d":{d}}}"#);
        assert!(ops().read(&frame).is_ok(), "{frame}");
    }
    assert!(ops().read(r#"{"id":1,"op":"x.karma.top"}"#).is_ok());
    let unknown = refused(r#"{"id":1,"op":"x.karma.none"}"#);
    assert_eq!(unknown, ("unknown_op", None));
}

#[test]
fn a_panic_while_reading_costs_one_command() {
    let frame = r#"{"id":1,"op":"x.karma.top","d":{"panic":true}}"#;
    assert_eq!(refused(frame), ("internal", None));
}

#[test]
fn a_query_is_handed_over_as_it_came() {
    let ops = ops();
    let op = ops.by_name("x.karma.top").unwrap();
    assert!(op.read_query("room=general&n=1").is_ok());
    let send = ops.by_name("send").unwrap();
    let refused = send.read_query("room=general").unwrap_err();
    assert_eq!(refused.kind.name, "unknown_op");
}

#[tokio::test]
async fn the_reply_is_what_came_from_outside() {
    let stage = Stage::new();
    let ok = stage.call("x.karma.give", json!({"n": 1})).await;
    assert_eq!(ok, Ok(json!({"by": "ann", "given": {"n": 1}})));
    let refused = stage.call("x.karma.top", json!({"refuse": true})).await;
    assert_eq!(refused, Err("not_member"));
}

#[tokio::test]
async fn a_bug_or_a_reply_that_is_too_long_is_an_internal_error() {
    let stage = Stage::new();
    for d in [json!({"bug": true}), json!({"bytes": 200_000})] {
        assert_eq!(stage.call("x.karma.top", d).await, Err("internal"));
    }
    let long = stage.call("x.karma.top", json!({"bytes": 100_000})).await;
    assert_eq!(long.unwrap().as_str().unwrap().len(), 100_000);
}

#[tokio::test(start_paused = true)]
async fn a_time_out_leaves_only_the_outcome_of_a_write_open() {
    let stage = Stage::new();
    let hang = || json!({"hang": true});
    let read = stage.call("x.karma.top", hang()).await;
    assert_eq!(read, Err("overloaded"));
    let write = stage.call("x.karma.give", hang()).await;
    assert_eq!(write, Err("outcome_unknown"));
}

#[tokio::test(start_paused = true)]
async fn an_extension_that_hangs_holds_only_its_own_places() {
    let stage = Stage::new();
    let hanging = join_all((0..64).map(|_| stage.call("x.karma.give", json!({"hang": true}))));
    let others = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(
            stage.call("x.karma.top", json!({})).await,
            Err("overloaded")
        );
        assert!(stage.call("ping", json!({})).await.is_ok());
    };
    let (hung, ()) = tokio::join!(hanging, others);
    assert!(
        hung.iter()
            .all(|outcome| *outcome == Err("outcome_unknown"))
    );
    assert!(stage.call("x.karma.top", json!({})).await.is_ok());
}
