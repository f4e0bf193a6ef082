//! Root spans get the trace id that the house has given: the one in errors and log lines.

use opentelemetry::Context;
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer, Span};
use std::cell::Cell;

/// What begins a trace. Anything else without a parent belongs to nobody's command.
const ROOTS: [&str; 2] = ["command", "http"];

thread_local! {
    /// The id of the root that this thread is about to make.
    static NEXT: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// Makes spans; roots by the `trace` and `parent` among their attributes.
#[derive(Debug, Clone)]
pub(crate) struct ParlorTracer(SdkTracer);

/// The ids of spans are random, and so is that of a trace which the house has not named.
#[derive(Debug, Default)]
pub(super) struct ParlorIds(RandomIdGenerator);

impl ParlorTracer {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self(tracer)
    }
}

impl Tracer for ParlorTracer {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, under: &Context) -> Span {
        if under.span().span_context().is_valid() {
            return self.0.build_with_context(builder, under);
        }
        if !ROOTS.contains(&&*builder.name) {
            let nobody = under.with_telemetry_suppressed();
            return self.0.build_with_context(builder, &nobody);
        }
        let trace = attribute(&builder, "trace").and_then(|hex| TraceId::from_hex(&hex).ok());
        let caller = attribute(&builder, "parent").and_then(|text| caller(trace?, &text));
        if let Some(caller) = caller {
            let under = under.with_remote_span_context(caller);
            return self.0.build_with_context(builder, &under);
        }
        NEXT.set(trace);
        let span = self.0.build_with_context(builder, under);
        NEXT.set(None);
        span
    }
}

impl IdGenerator for ParlorIds {
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

/// `00f067aa0ba902b7-01`: the span of whoever sent the request, and its flags.
fn caller(trace: TraceId, parent: &str) -> Option<SpanContext> {
    let (span, flags) = parent.split_once('-')?;
    let span = SpanId::from_hex(span).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let state = TraceState::default();
    Some(SpanContext::new(trace, span, flags, true, state))
}
