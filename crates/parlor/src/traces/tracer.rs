//! Gives root spans the trace id that errors and log lines show.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer, Span};
use std::cell::Cell;

/// Spans that begin a trace. Any other span without a parent belongs to no command and is
/// suppressed.
const ROOTS: [&str; 2] = ["command", "http"];

thread_local! {
    /// The trace id of the root span that this thread is about to create.
    static NEXT: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// Creates spans; root spans take trace id and parent from their attributes `trace` and `parent`.
#[derive(Debug, Clone)]
pub(crate) struct ParlorTracer(SdkTracer);

/// Returns the trace id set for the next root span, otherwise random ids.
#[derive(Debug, Default)]
pub(super) struct ParlorIdGenerator(RandomIdGenerator);

impl ParlorTracer {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self(tracer)
    }
}

impl Tracer for ParlorTracer {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Span {
        if parent.span().span_context().is_valid() {
            return self.0.build_with_context(builder, parent);
        }
        if !ROOTS.contains(&&*builder.name) {
            let suppressed = parent.with_telemetry_suppressed();
            return self.0.build_with_context(builder, &suppressed);
        }
        let trace = attribute(&builder, "trace").and_then(|hex| TraceId::from_hex(&hex).ok());
        let caller = attribute(&builder, "parent").and_then(|text| caller(trace?, &text));
        if let Some(caller) = caller {
            let parent = parent.with_remote_span_context(caller);
            return self.0.build_with_context(builder, &parent);
        }
        NEXT.set(trace);
        let span = self.0.build_with_context(builder, parent);
        NEXT.set(None);
        span
    }
}

impl IdGenerator for ParlorIdGenerator {
    fn new_trace_id(&self) -> TraceId {
        NEXT.take().unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

fn attribute(builder: &SpanBuilder, key: &str) -> Option<String> {
    let mut all = builder.attributes.iter().flatten();
    let found = all.find(|one| one.key.as_str() == key)?;
    Some(found.value.as_str().into_owned())
}

/// Parses the caller's span and flags, such as `00f067aa0ba902b7-01`.
fn caller(trace: TraceId, parent: &str) -> Option<SpanContext> {
    let (span, flags) = parent.split_once('-')?;
    let span = SpanId::from_hex(span).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let state = TraceState::default();
    Some(SpanContext::new(trace, span, flags, true, state))
}
