//! Which traces are kept: the standard's samplers, and what fails in any case.

use crate::config::{SamplerName, TraceSettings};
use opentelemetry::trace::{Link, SpanKind, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// The sampler that the settings name.
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
    Box::new(OrFailed(chosen))
}

/// Records what the other one drops, unsampled, so that a failure can still be told.
#[derive(Debug, Clone)]
struct OrFailed(Sampler);

impl ShouldSample for OrFailed {
    fn should_sample(
        &self,
        under: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let mut chosen = self
            .0
            .should_sample(under, trace, name, kind, attributes, links);
        if chosen.decision == SamplingDecision::Drop {
            chosen.decision = SamplingDecision::RecordOnly;
        }
        chosen
    }
}
