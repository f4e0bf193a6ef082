//! Metrics of the bus: queues, delays and missed events.

use super::{MetricsSource, MetricsWriter};
use bus::{Bus, SubscriberMetrics};
use std::fmt;

pub(super) struct BusSource(pub(super) Bus);

impl MetricsSource for BusSource {
    fn write(&self, writer: &mut MetricsWriter<'_>) -> fmt::Result {
        let metrics = self.0.metrics();
        let all = &metrics.subscribers;
        let in_use = metrics.credits.saturating_sub(metrics.credits_free);
        writer.counter(
            "bus_events",
            "Events published on the bus",
            metrics.published,
        )?;
        writer.gauge(
            "bus_credits",
            "All credits for requests from outside",
            metrics.credits,
        )?;
        writer.gauge(
            "bus_credits_in_use",
            "Credits in use by running requests",
            in_use,
        )?;
        writer.gauges(
            "bus_subscriber_depth",
            "Events and requests that wait for a subscriber",
            by_name(all, |one| one.depth),
        )?;
        writer.gauges(
            "bus_subscriber_oldest_seconds",
            "Age of the oldest event or request that a subscriber has not finished: its lag",
            by_name(all, |one| one.oldest.as_secs_f64()),
        )?;
        writer.gauges(
            "bus_subscriber_slowest_seconds",
            "The slowest handler call since the start",
            by_name(all, |one| one.slowest.as_secs_f64()),
        )?;
        writer.counters(
            "bus_subscriber_handled",
            "Events and requests handled",
            by_name(all, |one| one.handled),
        )?;
        writer.counters(
            "bus_subscriber_failed",
            "Handler calls that failed, panicked or timed out",
            by_name(all, |one| one.failed),
        )?;
        writer.counters(
            "bus_subscriber_missed",
            "Events that an isolated subscriber was too slow for and reads again from storage",
            by_name(all, |one| one.missed),
        )
    }
}

fn by_name<V>(
    subscribers: &[SubscriberMetrics],
    value: impl Fn(&SubscriberMetrics) -> V,
) -> impl Iterator<Item = ([(&'static str, &'static str); 1], V)> {
    subscribers
        .iter()
        .map(move |one| ([("subscriber", one.name)], value(one)))
}
