//! Sampling: the standard samplers, except that failed spans are always kept.

use crate::config::{SamplerName, TraceSettings};
use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Returns the sampler that the settings name.
pub(super) fn sampler(settings: &TraceSettings) -> Box<dyn ShouldSample> {
    let ratio = Sampler::TraceIdRatioBased(settings.ratio());
    let parent_based = |root| Sampler::ParentBased(Box::new(root));
    let chosen = match settings.sampler {
        SamplerName::AlwaysOn => Sampler::AlwaysOn,
        SamplerName::AlwaysOff => return Box::new(Sampler::AlwaysOff),
        SamplerName::Ratio => ratio,
        SamplerName::ParentBasedAlwaysOn => parent_based(Sampler::AlwaysOn),
        SamplerName::ParentBasedAlwaysOff => return Box::new(parent_based(Sampler::AlwaysOff)),
        SamplerName::ParentBasedRatio => parent_based(ratio),
    };
    Box::new(KeepFailures(chosen))
}

/// Records the spans that the inner sampler drops, unsampled, so that failures can still be
/// exported.
#[derive(Debug, Clone)]
struct KeepFailures(Sampler);

impl ShouldSample for KeepFailures {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let mut result = self
            .0
            .should_sample(parent, trace, name, kind, attributes, links);
        if result.decision == SamplingDecision::Drop {
            result.decision = SamplingDecision::RecordOnly;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Ratio;
    use SamplingDecision::{Drop, RecordAndSample, RecordOnly};
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceState};

    const TRACE: TraceId = TraceId::from_bytes([0x80; 16]);

    fn caller(flags: TraceFlags) -> Context {
        let state = TraceState::default();
        let span = SpanId::from_bytes([7; 8]);
        Context::new().with_remote_span_context(SpanContext::new(TRACE, span, flags, true, state))
    }

    #[test]
    fn each_sampler_keeps_what_its_name_says_and_notes_what_may_yet_fail() {
        let callers = [
            Context::new(),
            caller(TraceFlags::SAMPLED),
            caller(TraceFlags::NOT_SAMPLED),
        ];
        for (sampler, ratio, decisions) in [
            (
                SamplerName::AlwaysOn,
                None,
                [RecordAndSample, RecordAndSample, RecordAndSample],
            ),
            (SamplerName::AlwaysOff, None, [Drop, Drop, Drop]),
            (
                SamplerName::Ratio,
                Some(0.0),
                [RecordOnly, RecordOnly, RecordOnly],
            ),
            (
                SamplerName::Ratio,
                Some(1.0),
                [RecordAndSample, RecordAndSample, RecordAndSample],
            ),
            (
                SamplerName::ParentBasedAlwaysOn,
                None,
                [RecordAndSample, RecordAndSample, RecordOnly],
            ),
            (
                SamplerName::ParentBasedAlwaysOff,
                None,
                [Drop, RecordAndSample, Drop],
            ),
            (
                SamplerName::ParentBasedRatio,
                Some(0.0),
                [RecordOnly, RecordAndSample, RecordOnly],
            ),
        ] {
            let settings = TraceSettings {
                sampler,
                ratio: ratio.map(Ratio),
                ..TraceSettings::default()
            };
            let chosen = super::sampler(&settings);
            let decided = callers.each_ref().map(|caller| {
                let kind = SpanKind::Server;
                let decided = chosen.should_sample(Some(caller), TRACE, "command", &kind, &[], &[]);
                decided.decision
            });
            assert_eq!(decided, decisions, "{sampler:?} {ratio:?}");
        }
    }
}
