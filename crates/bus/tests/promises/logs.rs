//! A failure is logged once, with its origin.

use crate::detached::{Detached, Wait, WaitRequest};
use crate::scripted::{Act, ActEvent, Controls};
use crate::world::{LONG, World, credits};
use bus::{AskError, TraceId};
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// The log of this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn all(&self) -> Vec<String> {
        let bytes = self.0.lock().expect("no test panics here").clone();
        let text = String::from_utf8(bytes).expect("the log is text");
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics here").write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Without a log of the whole process, a line that another test comes to first, on a thread without a log, would be
/// switched off for all threads.
fn listen_everywhere() {
    let log = tracing_subscriber::fmt().with_writer(std::io::sink);
    // Fails if another test has done it.
    let _ = tracing::subscriber::set_global_default(log.finish());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_logged_once_with_its_subscriber_name_number_and_trace() {
    listen_everywhere();
    let lines = Lines::default();
    let log = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let controls = Controls::new();
    let world = World::new(credits(1), |builder| {
        builder.isolated::<Detached>(controls.clone());
    })
    .await;
    let bus = world.bus();
    controls.wait_for_notes(1).await;
    bus.publish(ActEvent(Act::Count)).await;
    bus.publish(ActEvent(Act::Panic)).await;
    let asked = bus
        .ask_traced(WaitRequest(Wait::Fail), LONG, TraceId(0xbad))
        .await;
    assert_eq!(asked, Err(AskError::Failed));

    let lines = lines.all();
    let [panic, failure] = &lines[..] else {
        panic!("not two lines: {lines:#?}")
    };
    for part in [
        "ERROR",
        "\"detached\"",
        "\"test.act\"",
        "number=2",
        "trace=",
        "panicked: on purpose",
    ] {
        assert!(panic.contains(part), "{part} is missing in {panic}");
    }
    let trace = format!("trace={:032x}", 0xbad);
    for part in [
        "ERROR",
        "\"detached\"",
        "\"test.wait_request\"",
        &trace,
        "on purpose",
    ] {
        assert!(failure.contains(part), "{part} is missing in {failure}");
    }
    world.end().await;
}
